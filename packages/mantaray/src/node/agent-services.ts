import { MantaError } from "../base/errors.ts";
import type { NodeId } from "../base/ids.ts";
import type { AgentService } from "../protocol/node.ts";
import type { NodeLocalService } from "../protocol/worker.ts";
import type { Implementation } from "../rpc/index.ts";
import type { PeerIdentity } from "../rpc/types.ts";
import type { BundleCache } from "./bundles.ts";
import type { EpochGate } from "./leader/epoch-gate.ts";
import type { NodeRouting } from "./routing.ts";
import type { HostedActors } from "./workers/hosted-actors.ts";
import type { KeptSockets } from "./workers/kept-sockets.ts";
import type { WorkerPool } from "./workers/worker-pool.ts";
import type { WorkerProcess } from "./workers/worker-process.ts";

/** What orders need. */
export interface AgentDeps {
  readonly gate: EpochGate;
  readonly actors: HostedActors;
  readonly routing: NodeRouting;
  readonly bundles: BundleCache;
  /** A newer leader says where it is. */
  readonly follow: (epoch: number, address: string) => void;
  /** The node has to leave in order. */
  readonly drain: (reason: string, timeoutMs: number) => void;
}

/**
 * What the agent does for the control store. Orders are answered at once: reports tell what became of them. One of
 * a control store that has lost its lease changes nothing: `stale_epoch`.
 */
export const agentImplementation = (deps: AgentDeps): Implementation<AgentService> => ({
  startActor: async ({ epoch, actor }) => {
    deps.gate.check(epoch);
    deps.actors.start(actor);
    return {};
  },
  stopActor: async ({ epoch, actorId, graceMs, force, reason }) => {
    deps.gate.check(epoch);
    if (force) void deps.actors.kill(actorId, "KILLED", reason);
    else void deps.actors.stop(actorId, { graceMs, reason });
    return {};
  },
  putRouting: async ({ epoch, snapshot }) => {
    deps.gate.check(epoch);
    deps.routing.offer(snapshot);
    return {};
  },
  actorsDown: async ({ epoch, actorIds }) => {
    deps.gate.check(epoch);
    deps.routing.down(actorIds);
    return {};
  },
  drain: async ({ epoch, reason, timeoutMs }) => {
    deps.gate.check(epoch);
    deps.drain(reason, timeoutMs);
    return {};
  },
  followLeader: async ({ epoch, address }) => {
    deps.follow(epoch, address);
    return {};
  },
  getRouting: async () => ({ snapshot: deps.routing.confirmed ?? null }),
  getBundle: async ({ bundleId }) => ({ bytes: (await deps.bundles.read(bundleId)) ?? null }),
});

/**
 * The same on links that others opened to us, where only a new leader has something to say: it cannot wait for us
 * to come. Everything else is said on the link that we opened and registered on.
 */
export const calledAgentImplementation = (deps: AgentDeps): Implementation<AgentService> => {
  const { followLeader } = agentImplementation(deps);
  return {
    startActor: refuse,
    stopActor: refuse,
    putRouting: refuse,
    actorsDown: refuse,
    drain: refuse,
    followLeader,
    getRouting: refuse,
    getBundle: refuse,
  };
};

const refuse = (): never => {
  throw new MantaError("permission_denied", "orders are taken on the link that the node has registered on");
};

/** What the agent does for the workers of its node. */
export const nodeLocalImplementation = (deps: {
  nodeId: NodeId;
  nodeIp: string;
  sessionDir: string;
  /** Asked at each call: leaders move. */
  gcsAddresses: () => readonly string[];
  pool: WorkerPool;
  bundles: BundleCache;
  routing: NodeRouting;
  actors: HostedActors;
  sockets: KeptSockets;
}): Implementation<NodeLocalService> => ({
  registerWorker: async ({ workerId }, { link, peer }) => {
    const worker = deps.pool.find(workerId);
    if (worker === undefined || peer.id !== workerId) throw noWorker(workerId);
    worker.attach(link);
    return { nodeId: deps.nodeId, nodeIp: deps.nodeIp, sessionDir: deps.sessionDir };
  },
  fetchBundle: async ({ bundleId }) => ({ path: await deps.bundles.fetch(bundleId) }),
  listenSocket: async ({ host, port }, { peer }) => {
    await deps.sockets.give(workerOf(deps.pool, peer), host, port);
    return {};
  },
  releaseSockets: async (_request, { peer }) => {
    deps.sockets.release(workerOf(deps.pool, peer));
    return {};
  },
  handOver: async (_request, { peer }) => {
    await deps.actors.handOver(workerOf(deps.pool, peer));
    return {};
  },
  watchRouting: (_request, { signal }) => deps.routing.watch(signal),
  gcsAddresses: async () => ({ addresses: [...deps.gcsAddresses()] }),
});

const workerOf = (pool: WorkerPool, { id }: PeerIdentity): WorkerProcess => {
  const worker = pool.workers.find(({ workerId }) => workerId === id);
  if (worker === undefined) throw noWorker(id);
  return worker;
};

const noWorker = (workerId: string): MantaError => new MantaError("not_found", `this agent has no worker ${workerId}`);
