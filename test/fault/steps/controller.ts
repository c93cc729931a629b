import { connect } from "mantaray";
import type { FaultStep } from "../types.ts";
import { timed } from "./timed.ts";
import { untilWhole } from "./whole.ts";

/** Kills the controller for good, as the reference's page does; whole when a new one with a new id serves. */
export const killController: FaultStep = {
  name: "controller, kill with noRestart",
  killsProxy: false,
  run: async (context) => {
    const { cluster, state } = context;
    const before = await state.actors("ServeController");
    const client = await connect({ addresses: [`tcp:${cluster.gcsAddress}`], token: cluster.token });
    try {
      await client.kill(await client.getActor("SERVE_CONTROLLER_ACTOR", { namespace: "serve" }), { noRestart: true });
    } finally {
      await client.close();
    }
    const recoveryMs = await timed(async () => {
      await state.until("a new controller beside the dead one", async () => {
        const [alive] = await state.actors("ServeController");
        const dead = await state.actors("ServeController", "DEAD");
        return (
          alive !== undefined &&
          alive.actor_id !== before[0]?.actor_id &&
          dead.some((row) => row.actor_id === before[0]?.actor_id)
        );
      });
      await untilWhole(context);
    });
    return { recoveryMs };
  },
};
