import { isAlive, killPid } from "@manta/testkit";
import type { FaultStep } from "../types.ts";
import { pickMs, pickReplica } from "./pick.ts";
import { pause, timed } from "./timed.ts";
import { until, untilWhole } from "./whole.ts";

/** SIGSTOP to a replica, and SIGCONT before anybody gives it up: its requests are late or elsewhere, none is lost. */
export const replicaPause: FaultStep = {
  name: "replica-pause",
  title: "replica, SIGSTOP, SIGCONT soon",
  seconds: 6,
  run: async (context) => {
    const victim = await pickReplica(context);
    const stoppedMs = pickMs(context, 500, 2_000);
    killPid(victim.pid, "SIGSTOP");
    try {
      await pause(stoppedMs);
    } finally {
      killPid(victim.pid, "SIGCONT");
    }
    const recoveryMs = await timed(() => untilWhole(context));
    return { recoveryMs, notes: [`${victim.deployment} on ${victim.node?.name}, for ${stoppedMs} ms`] };
  },
};

/** SIGSTOP to a replica for good: whole when whoever watches it has killed it and a new one runs. */
export const replicaStop: FaultStep = {
  name: "replica-stop",
  title: "replica, SIGSTOP for good",
  seconds: 20,
  run: async (context) => {
    const victim = await pickReplica(context);
    context.casualties.replica(victim.pid);
    killPid(victim.pid, "SIGSTOP");
    const recoveryMs = await timed(async () => {
      await until("the stopped replica killed", async () => !isAlive(victim.pid));
      await untilWhole(context);
    });
    return { recoveryMs, notes: [`${victim.deployment} on ${victim.node?.name}`] };
  },
};
