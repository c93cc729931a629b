import { phaseOf } from "../actors/lifecycle.ts";
import type { Cluster } from "../cluster.ts";
import type { AgentSession } from "../nodes/agent-session.ts";
import { resourceUsage } from "../placement/resource-usage.ts";
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
    await cluster.ledger.settled();
    // Only once the answer has left: an agent is told nothing before it knows that it is registered.
    setImmediate(() => openSession(cluster, session));
    const { snapshot } = cluster.routing;
    const isNewer = snapshot !== null && snapshot.version > registration.routingVersion;
    return {
      sessionName: cluster.sessionName,
      epoch: cluster.epoch,
      gcsAddresses: [],
      unwanted,
      ...(isNewer ? { routing: snapshot } : {}),
    };
  },
  heartbeat: ({ nodeId }, { link }) => {
    cluster.nodes.heartbeat(nodeId, link);
    return { gcsAddresses: [], storeAvailable: true };
  },
  reportActor: async ({ nodeId, event }, { link }) => {
    cluster.sessions.require(nodeId, link);
    const { actorId, ...what } = event;
    cluster.actors.apply(actorId, { ...what, nodeId });
    await cluster.ledger.settled();
    return {};
  },
  unregisterNode: async ({ nodeId, reason }, { link }) => {
    cluster.nodes.unregister(nodeId, link, reason);
    await cluster.ledger.settled();
    return {};
  },
  nodeDraining: async ({ nodeId, reason, timeoutMs }, { link }) => {
    cluster.sessions.require(nodeId, link);
    cluster.nodes.drain(nodeId, reason, timeoutMs);
    await cluster.ledger.settled();
    return {};
  },
  drainNode: async ({ nodeId, reason, timeoutMs }) => {
    cluster.nodes.drain(nodeId, reason, timeoutMs);
    await cluster.ledger.settled();
    return {};
  },
  listNodes: () => ({ nodes: cluster.nodeTable.all() }),
  listEvents: ({ limit }) => ({ events: cluster.events.newest(limit) }),
  resourceUsage: () => resourceUsage(cluster.nodeTable.alive(), cluster.actorTable.all()),
  reportEvent: async ({ event }) => {
    cluster.events.append(event);
    await cluster.ledger.settled();
    return {};
  },
});

/** From here on the agent gets orders and pushes; first what it missed while it was away. */
const openSession = (cluster: Cluster, session: AgentSession): void => {
  session.answered = true;
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
