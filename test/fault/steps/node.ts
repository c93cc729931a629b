import type { LocalNode } from "mantaray/testing";
import type { FaultContext, FaultStep } from "../types.ts";
import { pick } from "./pick.ts";
import { isSpread } from "./spread.ts";
import { timed } from "./timed.ts";
import { until, untilWhole } from "./whole.ts";

/**
 * SIGKILL to every process of a worker node. Replicas that may share a node come back on the other one;
 * whole when a new node has joined and replicas run on both again.
 */
export const nodeKill: FaultStep = {
  name: "node-kill",
  title: "worker node, SIGKILL to all of it",
  seconds: 25,
  run: async (context) => {
    const worker = pick(context, context.cluster.workers, "worker");
    const lostId = worker.nodeId;
    await context.casualties.node(worker);
    await worker.killAll();
    return { recoveryMs: await timed(() => replaced(context, worker, lostId)), notes: [worker.name] };
  },
};

/** SIGTERM to a worker's agent: it leaves in order, so that nothing may suffer. */
export const nodeTerm: FaultStep = {
  name: "node-term",
  title: "worker node, SIGTERM",
  seconds: 40,
  run: async (context) => {
    const worker = pick(context, context.cluster.workers, "worker");
    const lostId = worker.nodeId;
    worker.terminate();
    return { recoveryMs: await timed(() => replaced(context, worker, lostId)), notes: [worker.name] };
  },
};

const replaced = async (context: FaultContext, worker: LocalNode, lostId: string | undefined): Promise<void> => {
  await until("the lost node dead and a new one alive", async () => {
    const nodes = await context.state.nodes();
    return (
      nodes.some((node) => node.node_id === lostId && node.state === "DEAD") &&
      nodes.some((node) => node.node_id === worker.nodeId && node.node_id !== lostId && node.state === "ALIVE")
    );
  });
  await untilSpread(context);
  await untilWhole(context);
};

/** Waits until no worker has two replicas of a deployment more than another. */
export const untilSpread = ({ cluster }: FaultContext): Promise<true> =>
  until("every deployment spread over the workers again", async () =>
    isSpread(
      (await cluster.api.apps()).applications,
      cluster.workers.map((worker) => (replica) => replica.node_id === worker.nodeId),
    ),
  );
