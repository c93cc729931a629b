import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startTestCluster, type TestCluster } from "@manta/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createLoad } from "../../bench/load/load.ts";
import { randomBelow, seededRandom } from "../../packages/mantaray/src/base/random.ts";

const folder = mkdtempSync(join(tmpdir(), "manta-controller-"));
const replicas = 3;
let test: TestCluster;

/** Every version is another bundle; a start takes a moment, so that a rollout has a middle. */
const write = (version: string): void =>
  writeFileSync(
    join(folder, "app.ts"),
    `import { setTimeout as pause } from "node:timers/promises";
import { deployment } from "mantaray";
class App {
  async setup() { await pause(150); }
  async fetch() { await pause(3); return ${JSON.stringify(version)}; }
}
export const app = deployment(App).bind();
`,
  );

const config = {
  applications: [
    {
      name: "app",
      route_prefix: "/",
      import_path: "app:app",
      deployments: [{ name: "App", num_replicas: replicas, ray_actor_options: { num_cpus: 0.1 } }],
    },
  ],
};

/** SIGKILL to the process that is the controller now. */
const killController = async (): Promise<void> => {
  const [controller] = await test.state.until("a controller", async () => {
    const actors = await test.state.actors("ServeController");
    return actors.length === 1 && actors;
  });
  if (controller !== undefined) process.kill(controller.pid, "SIGKILL");
};

beforeAll(async () => {
  write("v0");
  test = await startTestCluster({ workers: [4, 4], config, appPath: [folder] });
});
afterAll(async () => {
  await test?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it("a controller that is killed at any moment of a rollout costs no request and no replica too many", {
  timeout: 240_000,
}, async () => {
  const random = seededRandom(3);
  const requests = [{ name: "app", path: "/" }];
  const load = createLoad({ url: test.cluster.url, connections: 8, ratePerSecond: 200, requests, timeoutMs: 15_000 });
  load.start();
  try {
    for (let round = 1; round <= 5; round += 1) {
      const version = `v${round}`;
      write(version);
      await test.cluster.api.deploy(config);
      await pause(randomBelow(random, 1_200));
      await killController();
      await test.state.until(`the end of the rollout to ${version}`, async () => {
        const answer = await fetch(test.cluster.url);
        const running = await test.state.replicas("app", "App");
        const status = (await test.cluster.api.apps()).applications.app?.status;
        const live = await test.state.actors("ServeReplica:App");
        const settled = status === "RUNNING" && running.length === replicas && live.length === replicas;
        return (await answer.text()).includes(version) && settled;
      });
    }
  } finally {
    const { sent, ok, wrong, statuses, cut, timedOut } = await load.stop();
    expect({ ok, wrong, statuses, cut, timedOut }).toEqual({ ok: sent, wrong: 0, statuses: {}, cut: 0, timedOut: 0 });
  }
  expect(await test.state.actors("HTTPProxyActor")).toHaveLength(3);
});
