import { resources } from "@manta/testkit/kubernetes";
import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { rayService, type ServiceOptions } from "./kit/manifests.ts";
import { redisManifests } from "./kit/redis.ts";
import { isReady, ServeKit } from "./kit/serve-kit.ts";
import { noFailures, underLoad } from "./kit/under-load.ts";

const timeoutMs = 90_000;

/** Each deployment on both workers, none on the head. */
const ha: ServiceOptions = {
  name: "ha",
  workers: 2,
  replicas: 2,
  faultTolerance: { redisAddress: "redis:6379" },
  spec: { rayClusterDeletionDelaySeconds: 5 },
};
const embedded: ServiceOptions = {
  name: "embedded",
  faultTolerance: { backend: "rocksdb", storage: { size: "1Gi" } },
  spec: { excludeHeadPodFromServeSvc: true },
};

// Several waits each, on cores that others may have.
vi.setConfig({ testTimeout: 3 * timeoutMs, hookTimeout: 3 * timeoutMs });

let kit: ServeKit;

beforeAll(async () => {
  kit = await ServeKit.start({ nodes: 2 });
  await kit.apply(redisManifests());
  await Promise.all([kit.applyReady(ha), kit.applyReady(embedded)]);
  await kit.ready("ha", 3);
});
afterAll(() => kit.close());

const anotherHead = (service: string, old: string | undefined): Promise<unknown> =>
  waitFor(
    async () => {
      const head = await kit.head(service);
      return head.metadata.uid !== old && isReady(head);
    },
    { timeoutMs, what: `another head of ${service} to be Ready` },
  );

const replaceHead = async (service: string): Promise<void> => {
  const { metadata } = await kit.head(service);
  await kit.cluster.kubectl("delete", "pod", metadata.name, "--wait=false");
  await anotherHead(service, metadata.uid);
};

/** Both workers are Ready, and none of them is this one. */
const workersWithout = (uid: string | undefined): Promise<unknown> =>
  waitFor(
    async () => {
      const workers = await kit.workers("ha");
      return workers.length === 2 && workers.every((pod) => isReady(pod) && pod.metadata.uid !== uid);
    },
    { timeoutMs, what: "two workers to be Ready" },
  );

const upgrading = (name: string, status: string): Promise<unknown> =>
  kit.until(name, `UpgradeInProgress ${status} of ${name}`, (service) =>
    (service.status?.conditions ?? []).some((found) => found.type === "UpgradeInProgress" && found.status === status),
  );

describe("a RayService with fault tolerance fails no request", () => {
  it("while its head pod is replaced", async () => {
    const outcome = await underLoad(kit, "ha", async () => {
      await replaceHead("ha");
      await kit.ready("ha", 3);
    });
    expect(outcome).toMatchObject(noFailures);
  });

  it("while its head pod is replaced that is not in its Service", async () => {
    const outOfService = { ...ha, spec: { ...ha.spec, excludeHeadPodFromServeSvc: true } };
    await kit.apply(rayService(outOfService));
    await kit.until("ha", "two endpoints", ({ status }) => status?.numServeEndpoints === 2);
    const outcome = await underLoad(kit, "ha", () => replaceHead("ha"));
    expect(outcome).toMatchObject(noFailures);
    await kit.apply(rayService(ha));
    await kit.ready("ha", 3);
  });
});

describe("a RayService with fault tolerance fails no request, either,", () => {
  it("while its control store is killed, in the pod that stays", async () => {
    const { metadata } = await kit.head("ha");
    const outcome = await underLoad(kit, "ha", async () => {
      await kit.cluster.kubectl("exec", metadata.name, "--", "sh", "-c", "kill -9 $(pgrep -f '[g]cs/main')");
      await kit.cluster.kubectl("exec", metadata.name, "--", "ray", "status");
      await kit.ready("ha", 3);
    });
    expect(outcome).toMatchObject(noFailures);
    const head = await kit.head("ha");
    expect(head.metadata.uid).toBe(metadata.uid);
    expect(head.status).toMatchObject({ containerStatuses: [{ restartCount: 0, ready: true }] });
  });

  it("while a worker pod is replaced", async () => {
    const outcome = await underLoad(kit, "ha", async () => {
      const victim = (await kit.workers("ha"))[0]?.metadata;
      await kit.cluster.kubectl("delete", "pod", String(victim?.name), "--wait=false");
      await workersWithout(victim?.uid);
      await kit.ready("ha", 3);
    });
    expect(outcome).toMatchObject(noFailures);
  });

  it("while Redis is replaced", async () => {
    const outcome = await underLoad(kit, "ha", async () => {
      const [before] = await kit.pods("app=redis");
      await kit.cluster.kubectl("delete", "pod", String(before?.metadata.name), "--wait=false");
      await waitFor(
        async () => {
          const [after] = await kit.pods("app=redis");
          return after !== undefined && after.metadata.uid !== before?.metadata.uid && isReady(after);
        },
        { timeoutMs, what: "another Redis to be Ready" },
      );
    });
    expect(outcome).toMatchObject(noFailures);
  });

  it("while a node is drained", async () => {
    const outcome = await underLoad(kit, "ha", async () => {
      const { nodeName } = ((await kit.workers("ha"))[0]?.spec ?? {}) as { nodeName?: string };
      const node = String(nodeName);
      const options = ["--ignore-daemonsets", "--delete-emptydir-data", `--timeout=${timeoutMs}ms`];
      await kit.cluster.kubectlWith({ timeoutMs }, "drain", node, ...options);
      await kit.ready("ha", 3);
      await kit.cluster.kubectl("uncordon", node);
    });
    expect(outcome).toMatchObject(noFailures);
  });

  it("while its head pod is replaced during an upgrade to a new cluster", async () => {
    const old = await kit.activeCluster("ha");
    const upgrade = {
      ...ha,
      workerEnv: { CHANGED: "yes" },
      spec: { ...ha.spec, upgradeStrategy: { type: "NewCluster" } },
    };
    const outcome = await underLoad(kit, "ha", async () => {
      await kit.apply(rayService(upgrade as ServiceOptions));
      await upgrading("ha", "True");
      const { metadata } = await kit.head("ha");
      await kit.cluster.kubectl("delete", "pod", metadata.name, "--wait=false");
      await upgrading("ha", "False");
    });
    expect(outcome).toMatchObject(noFailures);
    expect(await kit.activeCluster("ha")).not.toBe(old);
  });
});

describe("a RayService with an embedded control store", () => {
  it("keeps its state in a claim while its head pod is replaced, and fails no request", async () => {
    const outcome = await underLoad(kit, "embedded", () => replaceHead("embedded"));
    expect(outcome).toMatchObject(noFailures);
    expect(await kit.clustersOf("embedded")).toHaveLength(1);
  });
});

describe("a RayService that is deleted", () => {
  it("leaves nothing in Redis, and no claim", async () => {
    expect(Number(await redisKeys())).toBeGreaterThan(0);
    await kit.cluster.kubectlWith({ timeoutMs }, "delete", "rayservice", "ha", "embedded", `--timeout=${timeoutMs}ms`);
    await waitFor(async () => (await kit.clustersOf("ha")).length === 0, { timeoutMs, what: "the clusters to go" });
    expect(Number(await redisKeys())).toBe(0);
    await waitFor(
      async () => {
        const claims = await kit.cluster.access.list(resources.persistentVolumeClaims, { namespace: kit.namespace });
        return claims.map(({ metadata }) => metadata.name).join(",") === "redis";
      },
      { timeoutMs, what: "the claim to go" },
    );
  });
});

const redisKeys = (): Promise<string> => kit.cluster.kubectl("exec", "deploy/redis", "--", "redis-cli", "dbsize");
