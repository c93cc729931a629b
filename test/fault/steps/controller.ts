import { killPid } from "@manta/testkit";
import { connect } from "mantaray";
import type { FaultStep } from "../types.ts";
import { timed } from "./timed.ts";
import { until, untilWhole } from "./whole.ts";

/** SIGKILL to the controller's process; whole when the same actor serves with a new pid. */
export const controllerKill: FaultStep = {
  name: "controller-kill",
  title: "controller, SIGKILL",
  seconds: 6,
  run: async (context) => {
    const { state } = context;
    const [before] = await state.actors("ServeController");
    if (before === undefined) throw new Error("there is no controller");
    killPid(before.pid);
    const recoveryMs = await timed(async () => {
      await until("the controller back with a new pid", async () =>
        (await state.actors("ServeController")).some((actor) => actor.pid !== before.pid),
      );
      await untilWhole(context);
    });
    return { recoveryMs };
  },
};

/** Kills the controller for good, as the reference's page does; whole when a new one with a new id serves. */
export const controllerEnd: FaultStep = {
  name: "controller-end",
  title: "controller, kill with noRestart",
  seconds: 6,
  run: async (context) => {
    const { cluster, state } = context;
    const before = await state.actors("ServeController");
    const addresses = cluster.gcsAddresses.map((address) => `tcp:${address}`);
    const client = await connect({ addresses, token: cluster.token });
    try {
      await client.kill(await client.getActor("SERVE_CONTROLLER_ACTOR", { namespace: "serve" }), { noRestart: true });
    } finally {
      await client.close();
    }
    const recoveryMs = await timed(async () => {
      await until("a new controller beside the dead one", async () => {
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
