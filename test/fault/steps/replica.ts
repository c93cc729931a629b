import { killPid } from "@manta/testkit";
import type { FaultContext, FaultStep } from "../types.ts";
import { timed } from "./timed.ts";
import { untilWhole } from "./whole.ts";

/** SIGKILL to one replica of a deployment; whole when a new one runs in its place. */
export const killReplica = (app: string, deployment: string): FaultStep => ({
  name: `replica of ${deployment}, SIGKILL`,
  killsProxy: false,
  run: async (context: FaultContext) => {
    const { state } = context;
    const [victim] = await state.replicas(app, deployment);
    if (victim?.pid === undefined || victim.pid === null) throw new Error(`${deployment} has no running replica`);
    const { pid } = victim;
    killPid(pid);
    const recoveryMs = await timed(async () => {
      await state.until(`replica ${pid} replaced`, async () =>
        (await state.replicas(app, deployment)).every((replica) => replica.pid !== pid),
      );
      await untilWhole(context);
    });
    return { recoveryMs };
  },
});
