import type { KubeObject } from "@manta/testkit/kubernetes";
import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { rayService, type ServiceOptions } from "./kit/manifests.ts";
import { redisManifests } from "./kit/redis.ts";
import { isReady, ServeKit } from "./kit/serve-kit.ts";
import { noFailures, underLoad } from "./kit/under-load.ts";

const timeoutMs = 90_000;
const spared: ServiceOptions = {
  name: "spared",
  faultTolerance: { redisAddress: "redis:6379" },
  annotations: { "manta.io/standby-heads": "1" },
};

// Several waits each, on cores that others may have.
vi.setConfig({ testTimeout: 3 * timeoutMs, hookTimeout: 3 * timeoutMs });

let kit: ServeKit;

beforeAll(async () => {
  kit = await ServeKit.start({ nodes: 2 });
  await kit.apply(redisManifests());
  await kit.applyReady(spared);
  await twoHeadsReady();
});
afterAll(() => kit.close());

const heads = async (): Promise<readonly KubeObject[]> =>
  kit.pods(`ray.io/node-type=head,ray.io/cluster=${await kit.activeCluster("spared")}`);

const twoHeadsReady = (): Promise<unknown> =>
  waitFor(
    async () => {
      const found = await heads();
      return found.length === 2 && found.every(isReady);
    },
    { timeoutMs, what: "two heads to be Ready" },
  );

const ipOf = ({ status }: KubeObject): string => String((status as { podIP?: string }).podIP);

/** Where the Serve controller runs, as a head says; undefined while none leads. */
const controllerIp = async (head: KubeObject): Promise<string | undefined> => {
  const url = `http://${ipOf(head)}:8265/api/serve/applications/`;
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  const { controller_info } = (await response.json()) as { controller_info?: { node_ip?: string } };
  return controller_info?.node_ip;
};

const leads = (head: KubeObject): Promise<unknown> =>
  waitFor(async () => (await controllerIp(head)) === ipOf(head), { timeoutMs, what: "the standby to lead" });

/** The head that leads, and the one that would. */
const byRole = async (): Promise<{ leader: KubeObject; standby: KubeObject }> => {
  const found = await heads();
  const ip = await waitFor(() => controllerIp(found[0] as KubeObject), { timeoutMs, what: "a controller" });
  const [leader, standby] = found.toSorted((one, other) => Number(ipOf(other) === ip) - Number(ipOf(one) === ip));
  if (leader === undefined || standby === undefined) throw new Error("there are not two heads");
  return { leader, standby };
};

it.each([
  ["without a word, as with its machine", ["--grace-period=0", "--force"]],
  ["in order", ["--wait=false"]],
])("a RayService fails no request while its leading head goes %s, and its standby leads", async (_how, flags) => {
  const { leader, standby } = await byRole();
  expect(leader.spec).not.toMatchObject({ nodeName: (standby.spec as { nodeName: string }).nodeName });
  const outcome = await underLoad(kit, "spared", async () => {
    await kit.cluster.kubectl("delete", "pod", leader.metadata.name, ...flags);
    await leads(standby);
    await twoHeadsReady();
  });
  expect(outcome).toMatchObject(noFailures);
  const uids = (await heads()).map(({ metadata }) => metadata.uid);
  expect(uids).toContain(standby.metadata.uid);
  expect(uids).not.toContain(leader.metadata.uid);
  // The new leader takes orders.
  await kit.apply(rayService({ ...spared, price: 4 }));
  await waitFor(async () => (await kit.answers("spared"))[0] === "8", { timeoutMs, what: "the new price" });
  await kit.apply(rayService(spared));
  await waitFor(async () => (await kit.answers("spared"))[0] === "6", { timeoutMs, what: "the old price" });
});
