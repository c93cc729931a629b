import { startTimeOf } from "@manta/testkit";
import type { FaultStep } from "../types.ts";
import { timed } from "./timed.ts";
import { untilWhole } from "./whole.ts";

/** SIGKILL to every process of the head; whole when its successor leads and has adopted what lived on. */
export const killHead: FaultStep = {
  name: "head, SIGKILL to all of it",
  killsProxy: true,
  run: async (context) => {
    const { cluster, state } = context;
    const pids = [...(await untilWhole(context)), ...(await workerProxies(context))];
    const starts = new Map(pids.map((pid) => [pid, startTimeOf(pid)]));
    const before = cluster.head.nodeId;
    await cluster.head.killAll();
    const recoveryMs = await timed(async () => {
      await state.until("a new head with a controller", async () => {
        const head = (await state.nodes()).find((node) => node.is_head_node && node.state === "ALIVE");
        const [controller] = await state.actors("ServeController");
        return head !== undefined && head.node_id !== before && controller?.node_id === head.node_id;
      });
      await untilWhole(context);
    });
    const restarted = pids.filter((pid) => startTimeOf(pid) !== starts.get(pid)).length;
    const adopted = new Set([...(await untilWhole(context)), ...(await workerProxies(context))]);
    const replaced = pids.filter((pid) => !adopted.has(pid)).length;
    return {
      recoveryMs,
      checks: [
        { name: "worker processes restarted by a head's death", bar: "0", value: restarted, ok: restarted === 0 },
        { name: "worker processes not adopted by the new head", bar: "0", value: replaced, ok: replaced === 0 },
      ],
    };
  },
};

const workerProxies = async ({ cluster, state }: Parameters<FaultStep["run"]>[0]): Promise<number[]> => {
  const workers = new Set(cluster.workers.map((worker) => worker.nodeId));
  return (await state.actors("HTTPProxyActor"))
    .filter((actor) => workers.has(actor.node_id ?? undefined))
    .map((actor) => actor.pid);
};
