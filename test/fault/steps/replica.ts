import { killPid } from "@manta/testkit";
import type { FaultContext, FaultStep, StepResult } from "../types.ts";
import { pickReplica } from "./pick.ts";
import { timed } from "./timed.ts";
import { untilWhole } from "./whole.ts";

/** SIGKILL to one replica; whole when a new one runs in its place. Measures how soon every routing table drops it. */
const killOne = async (context: FaultContext, of?: readonly [string, string]): Promise<StepResult> => {
  const { casualties, routing, state } = context;
  const victim = await pickReplica(context, of);
  await routing.connected(victim.node);
  casualties.replica(victim.pid);
  const diedMs = performance.now();
  killPid(victim.pid);
  const gone = routing.gone(victim.actorId, victim.node, diedMs);
  const recoveryMs = await timed(async () => {
    await state.until(`replica ${victim.pid} replaced`, async () => {
      const actors = await state.actors(`ServeReplica:${victim.deployment}`);
      return actors.every((actor) => actor.actor_id !== victim.actorId);
    });
    await untilWhole(context);
  });
  const { sameNodeMs, otherNodesMs } = await gone;
  return {
    recoveryMs,
    measured: [
      { bar: "routingSameNode", value: sameNodeMs },
      { bar: "routingOtherNode", value: otherNodesMs },
    ],
    notes: [`${victim.deployment} on ${victim.node?.name}: out of tables after ${sameNodeMs} and ${otherNodesMs} ms`],
  };
};

export const replicaKill: FaultStep = {
  name: "replica-kill",
  title: "replica, SIGKILL",
  seconds: 5,
  run: (context) => killOne(context),
};

/** The same of a given deployment, for the walk. */
export const killReplica = (app: string, deployment: string): FaultStep => ({
  name: `replica-kill-${deployment.toLowerCase()}`,
  title: `replica of ${deployment}, SIGKILL`,
  seconds: 5,
  run: (context) => killOne(context, [app, deployment]),
});
