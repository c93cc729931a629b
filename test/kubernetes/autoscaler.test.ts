import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { appConfigMap, type ServiceOptions, rayService as service } from "./kit/manifests.ts";
import { ServeKit } from "./kit/serve-kit.ts";
import { failuresOf, type OpenLoad, startOpenLoad } from "./open-load.ts";

const name = "growing";
const timeoutMs = 90_000;
const loadPerSecond = 30;

/** One deployment, of which one replica fits on a worker. */
const app = `import { deployment } from "mantaray";

class Hello {
  fetch() {
    return new Response("hello");
  }
}

export const app = deployment(Hello, { name: "Hello" }).bind();
`;

const serveConfigV2 = (replicas: number): string =>
  JSON.stringify({
    applications: [
      {
        name: "hello",
        import_path: "hello.app",
        route_prefix: "/",
        deployments: [{ name: "Hello", num_replicas: replicas, ray_actor_options: { num_cpus: 0.6 } }],
      },
    ],
  });

/** One to three workers of one CPU; an idle one goes after three seconds. */
const options = (replicas: number): ServiceOptions => {
  const { rayClusterConfig } = (
    service({ name }) as { spec: { rayClusterConfig: NonNullable<ServiceOptions["cluster"]> } }
  ).spec;
  const workerGroupSpecs = (rayClusterConfig.workerGroupSpecs ?? []).map((group) => ({
    ...group,
    replicas: 1,
    minReplicas: 1,
    maxReplicas: 3,
  }));
  const autoscaling = { enableInTreeAutoscaling: true, autoscalerOptions: { idleTimeoutSeconds: 3 } };
  return { name, cluster: { workerGroupSpecs, ...autoscaling }, spec: { serveConfigV2: serveConfigV2(replicas) } };
};

const saysHello = (status: number, body: string): boolean => status === 200 && body === "hello";

let kit: ServeKit;
let load: OpenLoad;

beforeAll(async () => {
  kit = await ServeKit.start();
  const { data, ...rest } = appConfigMap() as { data: object };
  await kit.apply({ ...rest, data: { ...data, "hello.ts": app } });
  await kit.applyReady(options(1));
  load = startOpenLoad(await kit.url(name), loadPerSecond, [
    { name: "hello", method: "GET", path: "/", expect: saysHello },
  ]);
}, 120_000);
afterAll(() => kit.close());

const group = async () => {
  const [first] = (await kit.rayCluster(await kit.activeCluster(name))).spec.workerGroupSpecs ?? [];
  return { replicas: first?.replicas, leaving: first?.scaleStrategy?.workersToDelete ?? [] };
};

const isSmall = async (): Promise<boolean> => {
  const { replicas, leaving } = await group();
  return replicas === 1 && leaving.length === 0;
};

const replicasThatRun = async (): Promise<number> => {
  const head = await kit.head(name);
  const { podIP = "" } = (head.status ?? {}) as { podIP?: string };
  const answer = await fetch(`http://${podIP}:8265/api/serve/applications/`);
  const { applications } = (await answer.json()) as {
    applications: Record<string, { status: string; deployments: Record<string, { replicas: { state: string }[] }> }>;
  };
  const { status, deployments } = applications.hello ?? { status: "", deployments: {} };
  if (status !== "RUNNING") return 0;
  return deployments.Hello?.replicas.filter(({ state }) => state === "RUNNING").length ?? 0;
};

const reasons = async (): Promise<string[]> => {
  const output = await kit.cluster.kubectl(
    "get",
    "events",
    "-o",
    "jsonpath={range .items[*]}{.reason}: {.note}{.message}{'\\n'}{end}",
  );
  return output.split("\n").filter((line) => line.includes("WorkerGroup"));
};

describe("a RayService with enableInTreeAutoscaling", () => {
  it("gets workers for replicas that have no room, up to maxReplicas", { timeout: timeoutMs }, async () => {
    expect(await kit.workers(name)).toHaveLength(1);
    await kit.apply(service(options(3)));
    await waitFor(async () => (await replicasThatRun()) === 3, {
      timeoutMs,
      intervalMs: 250,
      what: "three replicas to run",
    });
    expect(await kit.workers(name)).toHaveLength(3);
    expect(await group()).toMatchObject({ replicas: 3, leaving: [] });
    expect(await reasons()).toContainEqual(
      expect.stringMatching(/^ScaledUpWorkerGroup: .*from 1 to 3 replicas, since there is no room for 2 × {CPU: 0.6}/),
    );
  });

  it("lets workers go that are idle, down to minReplicas", { timeout: timeoutMs }, async () => {
    await kit.apply(service(options(1)));
    await waitFor(isSmall, { timeoutMs, intervalMs: 250, what: "one worker to be asked for, and none to leave" });
    expect(await kit.workers(name)).toHaveLength(1);
    expect(await replicasThatRun()).toBe(1);
    expect(await reasons()).toContainEqual(
      expect.stringMatching(/^ScaledDownWorkerGroup: .*nobody needs these any more: growing-/),
    );
  });

  it("fails no request meanwhile", async () => {
    const result = await load.stop();
    expect(result.sent).toBeGreaterThan(loadPerSecond);
    expect({ ...result, failures: failuresOf(result) }).toMatchObject({ failures: 0, refused: 0, cut: 0 });
  });
});
