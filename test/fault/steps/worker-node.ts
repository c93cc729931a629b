import type { FaultContext, FaultStep } from "../types.ts";
import { timed } from "./timed.ts";
import { untilWhole } from "./whole.ts";

/**
 * SIGKILL to every process of a worker node. Replicas that may share a node come back on the other one;
 * whole when a new node has joined and replicas run on both again.
 */
export const killWorkerNode: FaultStep = {
  name: "worker node, SIGKILL to all of it",
  killsProxy: true,
  run: async (context) => {
    const { cluster, state } = context;
    const worker = cluster.workers.at(-1);
    if (worker === undefined) throw new Error("there is no worker");
    const lostId = worker.nodeId;
    await worker.killAll();
    const recoveryMs = await timed(async () => {
      await state.until("the lost node dead and a new one alive", async () => {
        const nodes = await state.nodes();
        return (
          nodes.some((node) => node.node_id === lostId && node.state === "DEAD") &&
          nodes.some((node) => node.node_id === worker.nodeId && node.node_id !== lostId && node.state === "ALIVE")
        );
      });
      await state.until("every deployment spread over both workers again", () => isSpread(context), 60_000);
      await untilWhole(context);
    });
    return { recoveryMs };
  },
};

/** No node has two replicas of a deployment more than another. */
const isSpread = async ({ cluster }: FaultContext): Promise<boolean> => {
  const apps = Object.values((await cluster.api.apps()).applications);
  return apps
    .flatMap((app) => Object.values(app.deployments))
    .every(({ replicas }) => {
      const counts = cluster.workers.map(
        (worker) => replicas.filter((replica) => replica.node_id === worker.nodeId).length,
      );
      return Math.max(...counts) - Math.min(...counts) < 2;
    });
};
