import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type NetnsCluster, netnsMissing, startNetnsCluster, within } from "@manta/testkit/netns";
import { seededRandom } from "../../../packages/mantaray/src/base/random.ts";
import { programs } from "../../../packages/mantaray/src/entrypoints.ts";
import type { StoreKind } from "../cluster/start-cluster.ts";
import { faultAppPath, faultConfigOf } from "../config.ts";
import { Executions } from "../measure/executions.ts";
import { answersAfter, type FaultRun, observe } from "../observe.ts";
import type { StageResult } from "../run-stage.ts";
import type { Row } from "../score/rows.ts";
import { classes } from "../traffic/classes.ts";
import { trafficPlan } from "../traffic/plan.ts";
import { TrafficProcess } from "../traffic/traffic-process.ts";
import { networkSteps, untilWholeNetwork } from "./network-steps.ts";

const frontPort = 8080;

/** How the stage is to be. */
export interface NetworkStageOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly store: StoreKind;
  readonly say: (line: string) => void;
}

/** The same traffic, from a machine of its own, to a cluster whose nodes are machines of their own. */
export const runNetworkStage = async (options: NetworkStageOptions): Promise<StageResult> => {
  const why = netnsMissing();
  if (why !== undefined) {
    for (const { title } of networkSteps) options.say(`${title}: not run: ${why}`);
    return { notRun: networkSteps.map(({ title }) => ({ fault: title, why })), runs: [], rows: [] };
  }
  const runDir = mkdtempSync(join(tmpdir(), "manta-run-"));
  const executions = new Executions(join(runDir, "executions"));
  const cluster = await startNetnsCluster({
    workers: [8, 8],
    ...(options.store === "redis" ? { standbys: 1 } : {}),
    config: faultConfigOf(),
    appPath: faultAppPath,
    env: { CHAOS_RUN_DIR: runDir },
  });
  let front: ChildProcess | undefined;
  try {
    front = await startFrontWithin(cluster);
    return await withTraffic(options, cluster, executions);
  } finally {
    front?.kill("SIGKILL");
    await cluster.stop();
    executions.close();
    rmSync(runDir, { recursive: true, force: true });
  }
};

const withTraffic = async (
  { rounds, seed, say }: NetworkStageOptions,
  cluster: NetnsCluster,
  executions: Executions,
): Promise<StageResult> => {
  const plan = trafficPlan(`http://${cluster.client.ip}:${frontPort}`, seed);
  const traffic = await TrafficProcess.start(plan, (command) => within(cluster.client.namespace, command));
  const random = seededRandom(seed);
  const runs: FaultRun[] = [];
  const rows: Row[] = [];
  try {
    await traffic.answers(answersAfter);
    await untilWholeNetwork(cluster);
    await traffic.take();
    executions.takeTwice();
    for (let round = 1; round <= rounds; round += 1) {
      for (const step of networkSteps) {
        const observed = await observe({
          title: step.title,
          round,
          traffic,
          executions,
          // Replicas that were replaced elsewhere are stopped when their node is back, and with them their streams.
          // A WebSocket that has told its pid has begun, though nothing of its answer's head is known.
          excuses: ({ begun, pid }) => begun || pid !== 0,
          say,
          run: () => step.run({ cluster, random }),
          repair: () => untilWholeNetwork(cluster),
        });
        runs.push({ ...observed.run, measured: [...observed.run.measured, slowest(observed.run)] });
        rows.push(...observed.rows);
      }
    }
  } finally {
    await traffic.stop();
  }
  return { notRun: [], runs, rows };
};

/** A request that went to the node that cannot answer waits until that is noticed: the slowest one tells how long. */
const slowest = ({ seen }: FaultRun) => {
  const saveable = classes.filter((kind) => kind.saveable).map(({ name }) => seen.classes[name]?.maxMs ?? 0);
  return { bar: "partitionAvoided" as const, value: Math.max(...saveable) };
};

/** The front address on the client's machine, over the workers' proxies. */
const startFrontWithin = async (cluster: NetnsCluster): Promise<ChildProcess> => {
  const targets = cluster.workers.flatMap((worker) => ["--target", cluster.proxyOf(worker)]);
  const address = ["--host", cluster.client.ip, "--port", String(frontPort)];
  const [program, ...args] = within(cluster.client.namespace, [
    process.execPath,
    fileURLToPath(programs.front),
    ...address,
    ...targets,
  ]);
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
  return child;
};
