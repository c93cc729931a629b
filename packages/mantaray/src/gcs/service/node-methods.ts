import { phaseOf } from "../actors/lifecycle.ts";
import type { Cluster } from "../cluster.ts";
import type { AgentSession } from "../nodes/agent-session.ts";
import { resourceUsage } from "../placement/resource-usage.ts";
import { admit } from "./admission.ts";
import type { Methods } from "./methods.ts";

/** What agents call, and what there is to know of nodes. */
export const nodeMethods = (
  cluster: Cluster,
): Methods<
  | "registerNode"
  | "heartbeat"
  | "reportActor"
  | "unregisterNode"
  | "nodeDraining"
  | "drainNode"
  | "listNodes"
  | "listEvents"
  | "resourceUsage"
  | "reportEvent"
> => ({
  registerNode: async (registration, { link }) => {
    const { session, unwanted } = cluster.nodes.register(registration, link);
    // At once: nobody shall hear of the node and not of what was published last.
    cluster.routingSalvage.offered(session, registration.routingVersion);
    await cluster.ledger.orderable();
    // Only once the answer has left: an agent is told nothing before it knows that it is registered.
    setImmediate(() => openSession(cluster, session));
    const { snapshot } = cluster.routing;
    const isNewer = snapshot !== null && snapshot.version > registration.routingVersion;
    return {
      sessionName: cluster.sessionName,
      epoch: cluster.authority.epoch,
      gcsAddresses: cluster.nodes.gcsAddresses(),
      unwanted,
      ...(isNewer ? { routing: snapshot } : {}),
    };
  },
  heartbeat: ({ nodeId, newerEpoch = 0 }, { link }) => {
    if (newerEpoch > cluster.authority.epoch) cluster.authority.suspect();
    cluster.nodes.heartbeat(nodeId, link);
    return { gcsAddresses: cluster.nodes.gcsAddresses(), storeAvailable: cluster.ledger.health.available };
  },
  reportActor: async ({ nodeId, event }, { link }) => {
    cluster.sessions.require(nodeId, link);
    const { actorId, ...what } = event;
    cluster.actors.apply(actorId, { ...what, nodeId });
    await cluster.ledger.orderable();
    return {};
  },
  unregisterNode: async ({ nodeId, reason }, { link }) => {
    cluster.nodes.unregister(nodeId, link, reason);
    await cluster.ledger.orderable();
    return {};
  },
  nodeDraining: async ({ nodeId, reason, timeoutMs }, { link }) => {
    cluster.sessions.require(nodeId, link);
    cluster.nodes.drain(nodeId, reason, timeoutMs, false);
    await cluster.ledger.orderable();
    return {};
  },
  drainNode: async ({ nodeId, reason, timeoutMs }, { peer }) => {
    const admission = admit(cluster, peer, true);
    cluster.nodes.drain(nodeId, reason, timeoutMs, true);
    await admission.acknowledged();
    return {};
  },
  listNodes: () => ({ nodes: cluster.nodeTable.all() }),
  listEvents: ({ limit }) => ({ events: cluster.events.newest(limit) }),
  resourceUsage: () => resourceUsage(cluster.nodeTable.alive(), cluster.actorTable.all()),
  reportEvent: async ({ event }) => {
    cluster.events.append(event);
    await cluster.ledger.orderable();
    return {};
  },
});

/** From here on the agent gets orders and pushes; first what it missed while it was away. */
const openSession = (cluster: Cluster, session: AgentSession): void => {
  session.answered = true;
  cluster.nodes.remind(session.nodeId);
  const { snapshot } = cluster.routing;
  // Published between the answer and now: a push of what the agent has already does no harm.
  if (snapshot !== null) session.pushRouting(snapshot);
  session.pushDown(
    cluster.routing.actorIds().filter((actorId) => {
      const record = cluster.actorTable.get(actorId);
      return record === undefined || phaseOf(record).kind !== "alive";
    }),
  );
  cluster.scheduler.signal();
};
