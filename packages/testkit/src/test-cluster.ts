import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalCluster, type LocalPlan, plainNode } from "mantaray/testing";
import { ClusterState } from "./cluster-state.ts";
import { freeSubnet } from "./free-subnet.ts";

/** A cluster for one test file: addresses, folders and token of its own. */
export interface TestCluster {
  readonly cluster: LocalCluster;
  readonly state: ClusterState;
  /** Environment for the CLI and other clients of this cluster. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly tempDir: string;
  /** Ends every process and removes every file. */
  readonly stop: () => Promise<void>;
}

/** What a test says of its cluster. */
export interface TestClusterOptions {
  /** CPUs of each worker node. */
  readonly workers: readonly number[];
  /** CPUs of the head. Default 0: it hosts no replicas. */
  readonly headCpus?: number;
  /** A second head that waits for the first one's end; needs `redisAddress`. Default false. */
  readonly standby?: boolean;
  /** Where the control store keeps its tables; default a folder. */
  readonly redisAddress?: string;
  /** An empty folder for everything; default a new one. Stays, emptied, where it was given. */
  readonly tempDir?: string;
  /** Whether there is a front address. Default true. */
  readonly front?: boolean;
  readonly config: unknown;
  /** Where its import paths are looked up. */
  readonly appPath: readonly string[];
  /** Start lost nodes again. Default true. */
  readonly keepNodes?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** For the heads alone. */
  readonly headEnv?: Readonly<Record<string, string>>;
}

/** Starts the head and the workers, and deploys the config. */
export const startTestCluster = async (options: TestClusterOptions): Promise<TestCluster> => {
  const tempDir = options.tempDir ?? mkdtempSync(join(tmpdir(), "manta-"));
  const subnet = await freeSubnet();
  const env = {
    ...process.env,
    RAY_AUTH_TOKEN_PATH: join(tempDir, "auth_token"),
    MANTA_TEMP_DIR: tempDir,
    RAY_ADDRESS: `${subnet}.1:6379`,
    RAY_API_SERVER_ADDRESS: `http://${subnet}.1:8265`,
    RAY_DASHBOARD_ADDRESS: `http://${subnet}.1:8265`,
    ...options.env,
  };
  const cluster = new LocalCluster({
    plan: planOf(options),
    subnet,
    tempDir,
    env,
    ...(options.redisAddress === undefined ? {} : { redisAddress: options.redisAddress }),
    keepNodes: options.keepNodes ?? true,
    front: options.front ?? true,
  });
  const stop = async (): Promise<void> => {
    await cluster.stop();
    const names = options.tempDir === undefined ? [tempDir] : readdirSync(tempDir).map((name) => join(tempDir, name));
    for (const name of names) rmSync(name, { recursive: true, force: true });
  };
  try {
    await cluster.start();
    await cluster.deploy();
  } catch (error) {
    await stop();
    throw error;
  }
  return { cluster, state: new ClusterState(cluster.api), env, tempDir, stop };
};

const planOf = ({ workers, headCpus, headEnv = {}, standby, config, appPath }: TestClusterOptions): LocalPlan => ({
  nodes: [
    { ...plainNode("head", true, headCpus ?? 0), env: headEnv },
    ...(standby === true ? [{ ...plainNode("standby", true, 0), standby, env: headEnv }] : []),
    ...workers.map((numCpus, index) => plainNode(`worker-${index + 1}`, false, numCpus)),
  ],
  config,
  appPath,
});
