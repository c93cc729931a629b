import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestCluster, type TestCluster } from "@manta/testkit";
import { faultAppPath, faultConfigOf } from "../config.ts";
import { Executions } from "../measure/executions.ts";
import { RoutingWatch } from "../measure/routing-watch.ts";
import { type ChaosRedis, startChaosRedis } from "./chaos-redis.ts";
import { type HeadClock, makeHeadClock } from "./head-clock.ts";
import { makeTempFolder, type TempFolder } from "./temp-folder.ts";

/** Where the control store keeps its tables. */
export type StoreKind = "redis" | "embedded";

/** The cluster of a run and what watches it. */
export interface ChaosCluster extends TestCluster {
  readonly redis: ChaosRedis | undefined;
  readonly runDir: string;
  readonly temp: TempFolder;
  readonly clock: HeadClock;
  readonly executions: Executions;
  readonly routing: RoutingWatch;
}

/** What the control store of the cluster stands on; undefined: a folder, and then there is no standby head. */
export interface ChaosClusterOptions {
  readonly redis: ChaosRedis["kind"] | undefined;
}

/** Starts Redis, a head and its standby, two workers and the front, and deploys the applications. */
export const startChaosCluster = async (options: ChaosClusterOptions): Promise<ChaosCluster> => {
  const runDir = mkdtempSync(join(tmpdir(), "manta-run-"));
  const temp = makeTempFolder();
  const clock = makeHeadClock(runDir);
  const redis = options.redis === undefined ? undefined : await startChaosRedis(options.redis);
  const tidy = async (): Promise<void> => {
    await redis?.stop();
    clock.clear();
    temp.remove();
    rmSync(runDir, { recursive: true, force: true });
  };
  let test: TestCluster;
  try {
    test = await startTestCluster({
      workers: [8, 8],
      config: faultConfigOf(),
      appPath: faultAppPath,
      tempDir: temp.path,
      ...(redis === undefined ? {} : { standby: true, redisAddress: redis.address }),
      env: { CHAOS_RUN_DIR: runDir },
      headEnv: clock.env,
    });
  } catch (error) {
    await tidy();
    throw error;
  }
  const executions = new Executions(join(runDir, "executions"));
  const routing = new RoutingWatch(test.cluster, temp.path);
  const stop = async (): Promise<void> => {
    routing.close();
    executions.close();
    await test.stop();
    await tidy();
  };
  return { ...test, redis, runDir, temp, clock, executions, routing, stop };
};
