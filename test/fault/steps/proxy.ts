import { killPid } from "@manta/testkit";
import type { FaultContext, FaultStep, StepResult } from "../types.ts";
import { pickProxy } from "./pick.ts";
import { timed } from "./timed.ts";
import { until, untilWhole } from "./whole.ts";

/** SIGKILL to a worker's proxy; whole when the same actor is alive with a new pid. */
export const proxyKill: FaultStep = {
  name: "proxy-kill",
  title: "proxy, SIGKILL",
  seconds: 5,
  run: (context) => endOne(context, "SIGKILL"),
};

/** SIGTERM to a worker's proxy: it has a warning, so that no connection may suffer. */
export const proxyTerm: FaultStep = {
  name: "proxy-term",
  title: "proxy, SIGTERM",
  seconds: 10,
  run: (context) => endOne(context, "SIGTERM"),
};

const endOne = async (context: FaultContext, signal: "SIGKILL" | "SIGTERM"): Promise<StepResult> => {
  const { state, casualties } = context;
  const { worker, pid, actorId } = await pickProxy(context);
  if (signal === "SIGKILL") casualties.proxy(worker);
  killPid(pid, signal);
  const recoveryMs = await timed(async () => {
    await until("the proxy back with a new pid", async () =>
      (await state.actors("HTTPProxyActor")).find((actor) => actor.actor_id === actorId && actor.pid !== pid),
    );
    await untilWhole(context);
  });
  return { recoveryMs, notes: [`of ${worker.name}`] };
};
