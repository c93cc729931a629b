import { basename } from "node:path";
import { newWorkerId } from "../base/ids.ts";
import { programs } from "../entrypoints.ts";
import { type WorkerBoot, workerBootVariable } from "../protocol/worker-boot.ts";
import { type NodePaths, shortId, workerSocket } from "./node-paths.ts";
import type { ResolvedNodeOptions } from "./options.ts";
import type { ChildSpec } from "./supervise/child-process.ts";

/** What every child's command line and environment are made of. */
export interface ChildContext {
  readonly options: ResolvedNodeOptions;
  readonly paths: NodePaths;
  readonly token: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The control store of a head. */
export const gcsSpec = (context: ChildContext, { spare = false } = {}): ChildSpec => ({
  name: "gcs",
  program: programs.gcs,
  args: flags({
    ...(spare ? { spare: "true" } : {}),
    host: context.options.gcsHost,
    port: String(context.options.gcsPort),
    storage: context.options.storage,
    "session-name": basename(context.paths.sessionDir),
    // By the node, not by the process: one that is started again in place has its lease again at once.
    holder: context.options.nodeId,
    advertise: context.options.ownGcsAddress,
  }),
  env: childEnv(context),
  logsDir: context.paths.logsDir,
});

/** The API server of a head. */
export const dashboardSpec = (context: ChildContext): ChildSpec => ({
  name: "dashboard",
  program: programs.dashboard,
  args: flags({
    host: context.options.dashboardHost,
    port: String(context.options.dashboardPort),
    gcs: context.options.gcsAddresses.join(","),
    "gcs-file": context.paths.gcsAddressesFile,
    "session-dir": context.paths.sessionDir,
    "node-id": context.options.nodeId,
    "node-ip": context.options.nodeIp,
  }),
  env: childEnv(context),
  logsDir: context.paths.logsDir,
});

/** A new worker. */
export const workerSpec = (context: ChildContext): { boot: WorkerBoot; spec: ChildSpec } => {
  const workerId = newWorkerId();
  const boot: WorkerBoot = {
    workerId,
    agentAddress: `unix:${context.paths.agentSocket}`,
    listenAddress: `unix:${workerSocket(context.paths, workerId)}`,
    mayControl: context.options.head,
  };
  const spec: ChildSpec = {
    name: `worker-${shortId(workerId)}`,
    program: programs.worker,
    args: [],
    env: { ...childEnv(context), [workerBootVariable]: JSON.stringify(boot) },
    logsDir: context.paths.logsDir,
    pidInLogName: true,
    takesSockets: true,
  };
  return { boot, spec };
};

const flags = (values: Readonly<Record<string, string>>): string[] =>
  Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);

/** The agent's environment, and what leads a client in the child to this cluster. */
const childEnv = ({ options, paths, token, env }: ChildContext): Record<string, string | undefined> => ({
  ...env,
  MANTA_TEMP_DIR: options.tempDir,
  RAY_ADDRESS: options.gcsAddresses.map((address) => address.replace(/^tcp:/, "")).join(","),
  NODE_COMPILE_CACHE: env.NODE_COMPILE_CACHE ?? paths.compileCacheDir,
  ...(token === "" ? {} : { RAY_AUTH_TOKEN: token }),
});
