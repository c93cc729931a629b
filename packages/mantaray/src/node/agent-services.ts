import { MantaError } from "../base/errors.ts";
import type { NodeId } from "../base/ids.ts";
import type { AgentService } from "../protocol/node.ts";
import type { NodeLocalService } from "../protocol/worker.ts";
import type { Implementation } from "../rpc/index.ts";
import type { PeerIdentity } from "../rpc/types.ts";
import type { BundleCache } from "./bundles.ts";
import type { NodeRouting } from "./routing.ts";
import type { HostedActors } from "./workers/hosted-actors.ts";
import type { KeptSockets } from "./workers/kept-sockets.ts";
import type { WorkerPool } from "./workers/worker-pool.ts";
import type { WorkerProcess } from "./workers/worker-process.ts";

/** What the agent does for the control store. Orders are answered at once: reports tell what became of them. */
export const agentImplementation = (deps: {
  actors: HostedActors;
  routing: NodeRouting;
}): Implementation<AgentService> => ({
  startActor: async ({ actor }) => {
    deps.actors.start(actor);
    return {};
  },
  stopActor: async ({ actorId, graceMs, force, reason }) => {
    if (force) void deps.actors.kill(actorId, "KILLED", reason);
    else void deps.actors.stop(actorId, { graceMs, reason });
    return {};
  },
  putRouting: async ({ snapshot }) => {
    deps.routing.offer(snapshot);
    return {};
  },
  actorsDown: async ({ actorIds }) => {
    deps.routing.down(actorIds);
    return {};
  },
  drain: async () => ({}),
  followLeader: async () => ({}),
  getRouting: async () => ({ snapshot: null }),
  getBundle: async () => ({ bytes: null }),
});

/** What the agent does for the workers of its node. */
export const nodeLocalImplementation = (deps: {
  nodeId: NodeId;
  nodeIp: string;
  sessionDir: string;
  gcsAddresses: readonly string[];
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
  gcsAddresses: async () => ({ addresses: [...deps.gcsAddresses] }),
});

const workerOf = (pool: WorkerPool, { id }: PeerIdentity): WorkerProcess => {
  const worker = pool.workers.find(({ workerId }) => workerId === id);
  if (worker === undefined) throw noWorker(id);
  return worker;
};

const noWorker = (workerId: string): MantaError => new MantaError("not_found", `this agent has no worker ${workerId}`);
