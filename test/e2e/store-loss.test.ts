import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { clusterProcesses, killPid, startTestCluster, type TestCluster } from "@manta/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLoad } from "../../bench/load/load.ts";
import { type Cluster, connect } from "../../packages/mantaray/src/actor/index.ts";
import { listLocalNodes } from "../../packages/mantaray/src/node/index.ts";
import { checkpointNamespace, stateKey } from "../../packages/mantaray/src/serve/controller/state/checkpoint.ts";

const folder = mkdtempSync(join(tmpdir(), "manta-loss-"));
let test: TestCluster;
let client: Cluster;

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

/** Replicas that were ever started, dead ones too, as far as the control store knows; and their processes. */
const replicas = async (): Promise<{ ids: readonly string[]; pids: readonly number[] }> => {
  const { actors } = await client.gcs.listActors({ className: "ServeReplica:App" }, callOptions);
  return { ids: actors.map(({ actorId }) => actorId).toSorted(), pids: pidsOf(/^ray::ServeReplica/) };
};

const callOptions = { timeoutMs: 2_000 } as const;

/** The control store's folder goes, and at the same moment its process and any other of these. Returns the epoch that ended. */
const lose = async (...titles: readonly RegExp[]): Promise<number> => {
  const { epoch } = await client.gcs.ping({}, callOptions);
  const pids = [/gcs\/main$/, ...titles].map((title) => pidsOf(title));
  // The control store's spare would only find the folder gone, as the one that leads does.
  for (const each of pids) expect(each.length).toBeGreaterThan(0);
  const names = readdirSync(test.tempDir, { recursive: true, encoding: "utf8" });
  const stores = names.filter((each) => each.endsWith("gcs-store"));
  expect(stores).toHaveLength(1);
  for (const name of stores) rmSync(join(test.tempDir, name), { recursive: true });
  for (const pid of pids.flat()) killPid(pid);
  return epoch;
};

/** Ends the controller. Returns its process. */
const killController = (): number => {
  const [pid, ...others] = pidsOf(/^ray::ServeController/);
  if (pid === undefined || others.length > 0) throw new Error("there is not one controller");
  killPid(pid);
  return pid;
};

/** A control store leads that came after that epoch. */
const leadsSince = async (epoch: number): Promise<boolean> => {
  const found = await client.gcs.ping({}, callOptions);
  return found.role === "leader" && found.epoch > epoch;
};

/** It has got the checkpoint back. */
const hasCheckpoint = async (): Promise<boolean> =>
  (await client.gcs.kvGet({ namespace: checkpointNamespace, key: stateKey }, callOptions)).value !== null;

const running = async (): Promise<boolean> => {
  const status = (await test.cluster.api.apps()).applications.app?.status;
  return status === "RUNNING" && (await test.state.replicas("app", "App")).length === 3;
};

/** The same, and a control store that came after that epoch knows everything again. */
const runningSince = async (epoch: number): Promise<boolean> => {
  if (!(await leadsSince(epoch)) || !(await hasCheckpoint())) return false;
  const { nodes } = await client.gcs.listNodes({}, callOptions);
  return nodes.filter(({ state }) => state === "ALIVE").length === 3 && (await running());
};

/** Another process than that answers for the controller. */
const controllerSince = async (pid: number): Promise<boolean> => {
  const now = pidsOf(/^ray::ServeController/);
  return now.length === 1 && now[0] !== pid && (await running());
};

/**
 * Kills the controller `afterMs` after the loss, or after the next control store has begun, and waits for the
 * applications; deploys them again where that was too soon for the controller.
 */
const loseThenKill = async (since: "loss" | "lead", afterMs: number): Promise<void> => {
  const epoch = await lose();
  if (since === "lead") await test.state.until("a control store", () => leadsSince(epoch));
  await pause(afterMs);
  const pid = killController();
  const isKnown = await test.state.until("a controller's answer", async () => {
    if (!(await leadsSince(epoch)) || pidsOf(/^ray::ServeController/).includes(pid)) return undefined;
    return { app: Object.keys((await test.cluster.api.apps()).applications).length > 0 };
  });
  // The last one was killed before it had written what it knew.
  if (!isKnown.app) await test.cluster.api.deploy(config);
  await test.state.until("the applications as they were", () => runningSince(epoch), 60_000);
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
  client = await connect({ addresses: test.cluster.gcsAddresses, env: test.env });
  await test.state.until("three replicas", running);
});
afterAll(async () => {
  await client?.close();
  await test?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("a control store that has lost all its data", () => {
  it("gets it back from nodes and the controller, and nothing is restarted", { timeout: 180_000 }, async () => {
    const before = await replicas();
    await underLoad(async () => {
      const epoch = await lose();
      await test.state.until("the applications as they were", () => runningSince(epoch));
    });
    expect(await replicas()).toEqual(before);
    // What the controller wrote again is what the next one reads.
    const pid = killController();
    await test.state.until("another controller that knows them", () => controllerSince(pid));
    expect(await replicas()).toEqual(before);
  });

  it("and a node that comes late: a controller that is new waits for it", { timeout: 120_000 }, async () => {
    const before = await replicas();
    const late = listLocalNodes(test.tempDir).find(({ alive, head }) => alive && !head);
    if (late === undefined) throw new Error("there is no worker");
    await underLoad(async () => {
      killPid(late.pid, "SIGSTOP");
      try {
        const epoch = await lose();
        await test.state.until("the checkpoint", async () => (await leadsSince(epoch)) && (await hasCheckpoint()));
        const pid = killController();
        await test.state.until("the next controller", async () => {
          const now = pidsOf(/^ray::ServeController/);
          return now.length === 1 && now[0] !== pid;
        });
        // This long the new one has not heard of that node.
        await pause(3_000);
        expect((await replicas()).pids).toEqual(before.pids);
        killPid(late.pid, "SIGCONT");
        await test.state.until("the applications as they were", () => runningSince(epoch));
      } finally {
        killPid(late.pid, "SIGCONT");
      }
    });
    expect(await replicas()).toEqual(before);
  });

  it("and soon after it the controller: nothing is restarted, whenever that is", { timeout: 300_000 }, async () => {
    const before = await replicas();
    // Nodes come, and the checkpoint is written, in the first half second in which a control store leads.
    const moments = [
      ["loss", 0],
      ["loss", 300],
      ["lead", 0],
      ["lead", 200],
      ["lead", 400],
    ] as const;
    for (const [since, leastMs] of moments) {
      const afterMs = leastMs + Math.random() * 200;
      await underLoad(() => loseThenKill(since, afterMs));
      expect(await replicas(), `the controller was killed ${afterMs} ms after the ${since}`).toEqual(before);
    }
  });

  it("together with the controller: replicas go on as they are until somebody deploys", {
    timeout: 120_000,
  }, async () => {
    const before = await replicas();
    await underLoad(async () => {
      const epoch = await lose(/^ray::ServeController/);
      await test.state.until("an answer that knows of no application", async () => {
        const { applications } = await test.cluster.api.apps();
        return Object.keys(applications).length === 0 && (await leadsSince(epoch));
      });
      await test.cluster.api.deploy(config);
      await test.state.until("the applications as they were", () => runningSince(epoch), 90_000);
    });
    expect(await replicas()).toEqual(before);
  });
});
