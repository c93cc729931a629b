import type { ActorRecord } from "../../../protocol/actor.ts";
import { Simulation } from "./simulation.ts";

/** A head without CPUs and some workers, with a controller that is up. */
export const world = async (options: { seed?: number; nodes?: number; cpus?: number } = {}): Promise<Simulation> => {
  const simulation = new Simulation(options.seed ?? 1);
  simulation.cluster.addNode({ cpus: 0, isHead: true });
  for (let node = 0; node < (options.nodes ?? 2); node += 1) simulation.cluster.addNode({ cpus: options.cpus ?? 16 });
  await simulation.start();
  return simulation;
};

/** `status/trigger` of the only deployment. */
export const statusOf = (simulation: Simulation): string => {
  const deployment = simulation.controller.store.state.apps.get("default")?.deployments.get("D");
  return `${deployment?.status.status}/${deployment?.status.trigger}`;
};

/** Replicas of the nodes that have any, the fewest first. */
export const perNode = (simulation: Simulation): number[] => {
  const counts = new Map<string, number>();
  for (const actor of simulation.cluster.live()) {
    counts.set(actor.nodeId ?? "", (counts.get(actor.nodeId ?? "") ?? 0) + 1);
  }
  return [...counts.values()].toSorted((left, right) => left - right);
};

/** Ids of everything that lives. */
export const liveIds = (simulation: Simulation): string[] =>
  simulation.cluster
    .live("")
    .map((actor) => actor.actorId)
    .toSorted();

/** The first live replica. */
export const anyReplica = (simulation: Simulation): ActorRecord => {
  const [replica] = simulation.cluster.live();
  if (replica === undefined) throw new Error("no replica lives");
  return replica;
};

/** Ids of the replicas in the newest snapshot. */
export const routedIds = (simulation: Simulation): string[] =>
  Object.values(simulation.cluster.routing?.deployments ?? {}).flatMap(({ replicas }) =>
    replicas.map((replica) => replica.replicaId),
  );
