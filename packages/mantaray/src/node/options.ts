import { createServer } from "node:net";
import { availableParallelism, hostname } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { z } from "zod";
import { systemClock } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import { type NodeId, newNodeId, type WorkerId } from "../base/ids.ts";
import { nodeIdSchema } from "../protocol/ids.ts";
// The file, not the layer: a node agent opens no store and need not load its clients.
import { namesRedis, redisConfig, redisNamespace } from "../store/redis/config.ts";
import { nodeLimits } from "./limits.ts";
import { defaultNodeIp, inPod, isLoopback } from "./node-ip.ts";
import { nodePaths, workerSocket } from "./node-paths.ts";
import {
  addressValue,
  amountValue,
  countValue,
  ipValue,
  labelsValue,
  portValue,
  refuseOption,
  resourcesValue,
} from "./option-values.ts";

/** What a user may say of a node. Numbers may be text, as a command line has them. */
export interface NodeOptions {
  /** This node carries the control store and the API server. Default false. */
  readonly head?: boolean;
  /** With `head`: the control store waits for the lease of another head, which `addresses` name. Default false. */
  readonly standby?: boolean;
  /** Control stores to join, `host:port`; wanted unless `head`, and with `standby`. */
  readonly addresses?: readonly string[];
  /** Default: see `defaultNodeIp`. */
  readonly nodeIpAddress?: string;
  /** Default: the cores this process may use. */
  readonly numCpus?: number | string;
  /** Default 0. */
  readonly numGpus?: number | string;
  /** Custom resources, an object or its JSON. */
  readonly resources?: string | Readonly<Record<string, number>>;
  /** `key=value,key=value`, an object or its JSON. */
  readonly labels?: string | Readonly<Record<string, string>>;
  /** Port of the control store on a head; 0 picks one. Default 6379. */
  readonly port?: number | string;
  /** Default 127.0.0.1. In a pod whose own address is a loopback one, that address stands for it and for 0.0.0.0. */
  readonly dashboardHost?: string;
  /** Port of the API server on a head; 0 picks one. Default 8265. */
  readonly dashboardPort?: number | string;
  /** Port of the health endpoint; 0 picks one. Default 52365. */
  readonly dashboardAgentListenPort?: number | string;
  /** Port of this node's proxy; 0, the default, takes the cluster's. */
  readonly proxyPort?: number | string;
  /** Default `MANTA_TEMP_DIR`, else /tmp/manta. */
  readonly tempDir?: string;
  /** Default: the host name. */
  readonly nodeName?: string;
  /**
   * Persistence of the control store: `memory`, `redis` or a folder. Default: `redis` where `RAY_REDIS_ADDRESS` is set,
   * else `RAY_gcs_storage_path`, else <temp dir>/gcs-store.
   */
  readonly storage?: string;
  /** Workers started ahead of need. Default `MANTA_IDLE_WORKERS`, else 2. */
  readonly idleWorkers?: number | string;
  /** Folder shared by the nodes of one session on this machine; default a new one. */
  readonly sessionDir?: string;
  /** Removes the node's files when it ends in order. Default false. */
  readonly cleanSession?: boolean;
  /** The node ends in order when its standard input ends. Default false. */
  readonly endWithStdin?: boolean;
  /** Default: a new one. */
  readonly nodeId?: NodeId;
}

/** A node's options with every field present; also how they travel to its process. */
export const resolvedNodeOptionsSchema = z
  .object({
    nodeId: nodeIdSchema,
    /** The node carries a control store, leading or standing by, and an API server. */
    head: z.boolean(),
    standby: z.boolean(),
    /** Where the node's own control store listens, `tcp:host:port`; empty without `head`. */
    ownGcsAddress: z.string(),
    /** `tcp:host:port`, at least one; the own one included. */
    gcsAddresses: z.array(z.string()).min(1),
    nodeIp: z.string(),
    resources: z.record(z.string(), z.number()),
    labels: z.record(z.string(), z.string()),
    gcsHost: z.string(),
    gcsPort: z.number().int(),
    dashboardHost: z.string(),
    dashboardPort: z.number().int(),
    /** Where the health endpoint binds. */
    agentHost: z.string(),
    agentPort: z.number().int(),
    proxyPort: z.number().int(),
    tempDir: z.string(),
    sessionDir: z.string(),
    nodeName: z.string(),
    /** `memory`, `embedded:<dir>` or `redis` (the one that the environment names). */
    storage: z.string(),
    idleWorkers: z.number().int(),
    /** By how much workers in waiting are nicer than what serves. */
    idleNice: z.number().int(),
    cleanSession: z.boolean(),
    endWithStdin: z.boolean(),
    /** The node ends when the control store is away for longer; null never. */
    reconnectTimeoutMs: z.number().nullable(),
    /** All of a leave on SIGTERM: moving away, finishing, stopping. 0: stops at once, in order. */
    drainTimeoutMs: z.number(),
  })
  .readonly();
export type ResolvedNodeOptions = z.infer<typeof resolvedNodeOptionsSchema>;

/** Checks and completes a node's options: option > environment > default. Throws `invalid_argument`. */
export const resolveNodeOptions = async (
  options: NodeOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ResolvedNodeOptions> => {
  const head = options.head ?? false;
  const standby = options.standby ?? false;
  const tempDir = tempDirValue(options.tempDir ?? env.MANTA_TEMP_DIR ?? "/tmp/manta");
  const nodeId = options.nodeId ?? newNodeId();
  const given = (options.addresses ?? []).map((address) => addressValue("--address", address));
  if (!head && given.length === 0)
    refuseOption("--address", options.addresses, 'the "host:port" of a head, or --head given');
  if (standby) refuseStandby(options, head, given);
  else if (head && given.length > 0)
    refuseOption("--address", options.addresses, "absent beside --head, unless with --standby");
  const nodeIp =
    options.nodeIpAddress === undefined
      ? await defaultNodeIp(env, given[0]?.replace(/:\d+$/, ""))
      : ipValue("--node-ip-address", options.nodeIpAddress);
  const wantedPort = portValue("--port", options.port, 6379);
  const gcsPort = head && wantedPort === 0 ? await freePort(nodeIp) : wantedPort;
  const storage = storageValue(options.storage, tempDir, head ? env : {});
  if (standby && storage !== "redis") {
    const needs = "--standby needs a store that several machines can open: set RAY_REDIS_ADDRESS";
    throw new MantaError("invalid_argument", `${needs}; here it is ${JSON.stringify(storage)}`, {
      details: { option: "--standby" },
    });
  }
  const ownGcsAddress = head ? `tcp:${nodeIp}:${gcsPort}` : "";
  const others = given.map((address) => `tcp:${address}`).filter((address) => address !== ownGcsAddress);
  const dashboardHost = ownHost(options.dashboardHost ?? "127.0.0.1", env, nodeIp);
  const wantedDashboardPort = portValue("--dashboard-port", options.dashboardPort, 8265);
  const everywhere = inPod(env) && !isLoopback(nodeIp);
  const cpus = amountValue("--num-cpus", options.numCpus, availableParallelism());
  const gpus = amountValue("--num-gpus", options.numGpus, 0);
  return Object.freeze({
    nodeId,
    head,
    standby,
    ownGcsAddress,
    gcsAddresses: head ? [...others, ownGcsAddress] : others,
    nodeIp,
    resources: { CPU: cpus, ...(gpus === 0 ? {} : { GPU: gpus }), ...resourcesValue("--resources", options.resources) },
    labels: labelsValue("--labels", options.labels),
    gcsHost: everywhere ? "0.0.0.0" : nodeIp,
    gcsPort,
    dashboardHost,
    dashboardPort: head && wantedDashboardPort === 0 ? await freePort(dashboardHost) : wantedDashboardPort,
    agentHost: everywhere ? "0.0.0.0" : nodeIp,
    agentPort: portValue("--dashboard-agent-listen-port", options.dashboardAgentListenPort, 52365),
    proxyPort: portValue("--proxy-port", options.proxyPort, 0),
    tempDir,
    sessionDir: options.sessionDir ?? join(tempDir, sessionName()),
    nodeName: options.nodeName ?? hostname(),
    storage,
    idleWorkers: countValue(
      options.idleWorkers === undefined ? "MANTA_IDLE_WORKERS" : "idleWorkers",
      options.idleWorkers ?? env.MANTA_IDLE_WORKERS,
      nodeLimits.idleWorkersDefault,
      nodeLimits.idleWorkersMax,
    ),
    idleNice: countValue("MANTA_IDLE_NICE", env.MANTA_IDLE_NICE, nodeLimits.idleNiceDefault, nodeLimits.idleNiceMax),
    cleanSession: options.cleanSession ?? false,
    endWithStdin: options.endWithStdin ?? false,
    reconnectTimeoutMs: reconnectTimeoutMs(env),
    drainTimeoutMs: amountValue("MANTA_DRAIN_TIMEOUT_S", env.MANTA_DRAIN_TIMEOUT_S, nodeLimits.drainTimeoutS) * 1_000,
  });
};

/** A standby without a leader to wait for is a head: it says so itself. */
const refuseStandby = (options: NodeOptions, head: boolean, given: readonly string[]): void => {
  if (!head) refuseOption("--standby", options.standby, "given together with --head");
  if (given.length === 0) refuseOption("--address", options.addresses, 'the "host:port" of the leading head');
};

/**
 * A pod whose address is a loopback one shares the machine with other pods (the local cluster of `testkit` and of
 * `manta local up`): there 0.0.0.0 and 127.0.0.1 would be everybody's.
 */
const ownHost = (host: string, env: Readonly<Record<string, string | undefined>>, nodeIp: string): string =>
  inPod(env) && isLoopback(nodeIp) && ["0.0.0.0", "::", "127.0.0.1", "localhost"].includes(host) ? nodeIp : host;

const reconnectTimeoutMs = (env: Readonly<Record<string, string | undefined>>): number | null => {
  const text = env.RAY_gcs_rpc_server_reconnect_timeout_s;
  return text === undefined ? null : amountValue("RAY_gcs_rpc_server_reconnect_timeout_s", text, 0) * 1_000;
};

/** As the control store's own option wants it. What is wrong with a Redis is said here, where somebody reads it. */
const storageValue = (
  option: string | undefined,
  tempDir: string,
  env: Readonly<Record<string, string | undefined>>,
): string => {
  const fallback = namesRedis(env) ? "redis" : (env.RAY_gcs_storage_path ?? join(tempDir, "gcs-store"));
  const value = option ?? fallback;
  if (value === "redis") {
    redisConfig(env);
    redisNamespace(env);
    return value;
  }
  return value === "memory" || value.startsWith("embedded:") ? value : `embedded:${resolve(value)}`;
};

/** Absolute, and short enough for the unix sockets in it. */
const tempDirValue = (value: string): string => {
  const tempDir = isAbsolute(value) ? value : resolve(value);
  const longest = workerSocket(nodePaths(tempDir, tempDir, "0".repeat(56) as NodeId), "0".repeat(56) as WorkerId);
  const spareBytes = nodeLimits.socketPathBytesMax - Buffer.byteLength(longest);
  if (spareBytes < 0) {
    const bytesMax = Buffer.byteLength(tempDir) + spareBytes;
    refuseOption("--temp-dir", value, `at most ${bytesMax} bytes long, for the unix sockets in it`);
  }
  return tempDir;
};

/** `session_2026-01-31_10-20-30_<pid>`, as the reference names them. */
const sessionName = (): string => {
  const stamp = new Date(systemClock.wallMs()).toISOString().slice(0, 19).replace("T", "_").replaceAll(":", "-");
  return `session_${stamp}_${process.pid}`;
};

/** A port that is free now. The control store's is picked once, so that a restarted one comes back on it. */
const freePort = (host: string): Promise<number> =>
  new Promise((done, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, host, () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => done(port));
    });
  });
