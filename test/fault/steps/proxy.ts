import { killPid } from "@manta/testkit";
import type { FaultStep } from "../types.ts";
import { timed } from "./timed.ts";

/** SIGKILL to a worker's proxy; whole when the same actor is alive with a new pid. */
export const killProxy: FaultStep = {
  name: "proxy, SIGKILL",
  killsProxy: true,
  run: async ({ cluster, state }) => {
    const [worker] = cluster.workers;
    const victim = (await state.actors("HTTPProxyActor")).find((actor) => actor.node_id === worker?.nodeId);
    if (victim === undefined) throw new Error(`${worker?.name} has no proxy`);
    killPid(victim.pid);
    const recoveryMs = await timed(() =>
      state.until("the proxy back with a new pid", async () =>
        (await state.actors("HTTPProxyActor")).find(
          (actor) => actor.actor_id === victim.actor_id && actor.pid !== victim.pid,
        ),
      ),
    );
    return { recoveryMs };
  },
};
