import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { redisManifests } from "./kit/redis.ts";
import { isReady, ServeKit } from "./kit/serve-kit.ts";
import { noFailures, underLoad } from "./kit/under-load.ts";

const recoverMs = 60_000;
const faultTolerance = { redisAddress: "redis:6379" };

let kit: ServeKit;

beforeAll(async () => {
  kit = await ServeKit.start();
  await kit.apply(redisManifests());
  await Promise.all([
    kit.applyReady({ name: "ha", workers: 2, replicas: 2, faultTolerance }),
    kit.applyReady({
      name: "headless",
      workers: 2,
      replicas: 2,
      faultTolerance,
      spec: { excludeHeadPodFromServeSvc: true },
    }),
  ]);
  await Promise.all([kit.ready("ha", 3), kit.ready("headless", 2)]);
}, 120_000);
afterAll(() => kit.close());

const otherHead = (service: string, old: string | undefined): Promise<unknown> =>
  waitFor(
    async () => {
      const head = await kit.head(service);
      return head.metadata.uid !== old && isReady(head);
    },
    { timeoutMs: recoverMs, what: `another head of ${service} to be Ready` },
  );

describe("a RayService with fault tolerance by Redis", () => {
  it.each([
    ["ha", 3],
    ["headless", 2],
  ])("answers every request while %s's head pod is deleted and replaced", async (service, endpoints) => {
    const outcome = await underLoad(kit, service, async () => {
      const { metadata } = await kit.head(service);
      await kit.cluster.kubectl("delete", "pod", metadata.name, "--wait=false");
      await otherHead(service, metadata.uid);
      await kit.ready(service, endpoints);
    });
    expect(outcome).toMatchObject(noFailures);
  });

  it("answers every request while a worker pod is deleted and replaced", async () => {
    const outcome = await underLoad(kit, "ha", async () => {
      const before = await kit.workers("ha");
      const victim = before[0]?.metadata;
      await kit.cluster.kubectl("delete", "pod", String(victim?.name), "--wait=false");
      await waitFor(
        async () => {
          const workers = await kit.workers("ha");
          return workers.length === 2 && workers.every((pod) => isReady(pod) && pod.metadata.uid !== victim?.uid);
        },
        { timeoutMs: recoverMs, what: "another worker to be Ready" },
      );
      await kit.ready("ha", 3);
    });
    expect(outcome).toMatchObject(noFailures);
  });
});
