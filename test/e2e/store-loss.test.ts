import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clusterProcesses, killPid, startTestCluster, type TestCluster } from "@manta/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLoad } from "../../bench/load/load.ts";

const folder = mkdtempSync(join(tmpdir(), "manta-loss-"));
let test: TestCluster;

const config = {
  applications: [
    {
      name: "app",
      route_prefix: "/",
      import_path: "app:app",
      deployments: [{ name: "App", num_replicas: 3, ray_actor_options: { num_cpus: 0.1 } }],
    },
  ],
};

const pidsOf = (title: RegExp): number[] =>
  clusterProcesses(test.tempDir)
    .filter((one) => title.test(one.title))
    .map(({ pid }) => pid)
    .toSorted((left, right) => left - right);

const replicaPids = (): number[] => pidsOf(/^ray::ServeReplica/);

/** The control store's folder goes, and at the same moment its process and any other of these. */
const lose = (...titles: readonly RegExp[]): void => {
  const pids = [/gcs\/main$/, ...titles].map((title) => pidsOf(title));
  // The control store's spare would only find the folder gone, as the one that leads does.
  for (const each of pids) expect(each.length).toBeGreaterThan(0);
  const names = readdirSync(test.tempDir, { recursive: true, encoding: "utf8" });
  const stores = names.filter((each) => each.endsWith("gcs-store"));
  expect(stores).toHaveLength(1);
  for (const name of stores) rmSync(join(test.tempDir, name), { recursive: true });
  for (const pid of pids.flat()) killPid(pid);
};

const running = async (): Promise<boolean> => {
  const status = (await test.cluster.api.apps()).applications.app?.status;
  return status === "RUNNING" && (await test.state.replicas("app", "App")).length === 3;
};

/** Runs `work` under load through the front address; every single request must have been answered. */
const underLoad = async (work: () => Promise<void>): Promise<void> => {
  const requests = [{ name: "app", path: "/" }];
  const load = createLoad({ url: test.cluster.url, connections: 8, ratePerSecond: 200, requests, timeoutMs: 15_000 });
  load.start();
  try {
    await work();
    const sofar = load.snapshot().ok;
    await test.state.until("traffic after it", async () => load.snapshot().ok > sofar + 50);
  } finally {
    const { sent, ok, wrong, statuses, cut, timedOut } = await load.stop();
    expect({ ok, wrong, statuses, cut, timedOut }).toEqual({ ok: sent, wrong: 0, statuses: {}, cut: 0, timedOut: 0 });
  }
};

beforeAll(async () => {
  writeFileSync(
    join(folder, "app.ts"),
    `import { deployment } from "mantaray";
class App { fetch() { return "hello"; } }
export const app = deployment(App).bind();
`,
  );
  test = await startTestCluster({ workers: [4, 4], config, appPath: [folder] });
  await test.state.until("three replicas", running);
});
afterAll(async () => {
  await test?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("a control store that has lost all its data", () => {
  it("gets it back from nodes and the controller, and nothing is restarted", { timeout: 180_000 }, async () => {
    const before = replicaPids();
    await underLoad(async () => {
      lose();
      await test.state.until("the applications as they were", running);
    });
    expect(replicaPids()).toEqual(before);
    // What the controller wrote again is what the next one reads.
    for (const pid of pidsOf(/^ray::ServeController/)) killPid(pid);
    await test.state.until("another controller that knows them", running);
    expect(replicaPids()).toEqual(before);
  });

  it("together with the controller: replicas go on as they are until somebody deploys", {
    timeout: 120_000,
  }, async () => {
    const before = replicaPids();
    await underLoad(async () => {
      lose(/^ray::ServeController/);
      await test.state.until("an answer that knows of no application", async () => {
        const { applications } = await test.cluster.api.apps();
        return Object.keys(applications).length === 0;
      });
      await test.cluster.api.deploy(config);
      await test.state.until("the applications as they were", running, 90_000);
    });
    expect(replicaPids()).toEqual(before);
  });
});
