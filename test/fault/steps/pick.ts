import type { LocalNode } from "mantaray/testing";
import { randomBelow } from "../../../packages/mantaray/src/base/random.ts";
import type { FaultContext } from "../types.ts";

/** One of several, by the run's seed. */
export const pick = <T>({ random }: Pick<FaultContext, "random">, items: readonly T[], what: string): T => {
  const chosen = items[randomBelow(random, items.length)];
  if (chosen === undefined) throw new Error(`there is no ${what}`);
  return chosen;
};

/** A whole number of ms in between, by the run's seed. */
export const pickMs = ({ random }: Pick<FaultContext, "random">, fromMs: number, toMs: number): number =>
  fromMs + randomBelow(random, toMs - fromMs + 1);

/** A replica that runs. */
export interface Victim {
  readonly pid: number;
  readonly actorId: string;
  readonly node: LocalNode | undefined;
  readonly deployment: string;
}

/** Deployments that a replica's fault may strike, app by app. */
const struck = [
  ["pid", "Pid"],
  ["echo", "Echo"],
  ["once", "Once"],
  ["bulk", "Bulk"],
  ["fruit_app", "PearStand"],
  ["fruit_app", "FruitMarket"],
] as const;

/** A running replica of this deployment, or of any. */
export const pickReplica = async (
  context: FaultContext,
  [app, deployment]: readonly [string, string] = pick(context, struck, "deployment"),
): Promise<Victim> => {
  const replicas = await context.state.replicas(app, deployment);
  const replica = pick(
    context,
    replicas.filter(({ pid }) => pid !== null).toSorted((left, right) => (left.replica_id < right.replica_id ? -1 : 1)),
    `running replica of ${deployment}`,
  );
  const node = context.cluster.nodes.find(({ nodeId }) => nodeId === replica.node_id);
  return { pid: replica.pid ?? 0, actorId: replica.actor_id, node, deployment };
};

/** A worker and its proxy's actor. */
export const pickProxy = async (
  context: FaultContext,
): Promise<{ worker: LocalNode; pid: number; actorId: string }> => {
  const worker = pick(context, context.cluster.workers, "worker");
  const proxy = (await context.state.actors("HTTPProxyActor")).find((actor) => actor.node_id === worker.nodeId);
  if (proxy === undefined) throw new Error(`${worker.name} has no proxy`);
  return { worker, pid: proxy.pid, actorId: proxy.actor_id };
};
