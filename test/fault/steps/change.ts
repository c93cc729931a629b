import { faultConfigOf } from "../config.ts";
import type { FaultContext, FaultStep } from "../types.ts";
import { timed } from "./timed.ts";
import { until, untilWhole } from "./whole.ts";

/** Another version of the busiest deployment: new replicas start before old ones stop, one after the other. */
export const redeploy: FaultStep = {
  name: "redeploy",
  title: "rolling redeploy",
  seconds: 20,
  run: async (context) => {
    const before = new Set(await pids(context));
    await context.cluster.api.deploy(faultConfigOf({ revision: Math.floor(context.random.next() * 1e9) }));
    const recoveryMs = await timed(async () => {
      await until("every replica of the new version", async () => {
        const now = await pids(context);
        return now.length === 3 && now.every((pid) => !before.has(pid));
      });
      await untilWhole(context);
    });
    await context.cluster.api.deploy(faultConfigOf());
    await untilWhole(context);
    return { recoveryMs, notes: ["and back"] };
  },
};

const loops = 2;

/** One replica, six, one, in a loop. */
export const scale: FaultStep = {
  name: "scale",
  title: "scale 1, 6, 1 in a loop",
  seconds: 45,
  run: async (context) => {
    const recoveryMs = await timed(async () => {
      for (let loop = 0; loop < loops; loop += 1) {
        for (const count of [1, 6]) await scaleTo(context, count);
      }
      await scaleTo(context, 1);
    });
    await scaleTo(context, 3);
    return { recoveryMs, notes: [`${loops} loops; recovery is the time of all of them`] };
  },
};

const scaleTo = async (context: FaultContext, pidReplicas: number): Promise<void> => {
  await context.cluster.api.deploy(faultConfigOf({ pidReplicas }));
  await until(`${pidReplicas} replicas`, async () => (await pids(context)).length === pidReplicas);
  await untilWhole(context);
};

const pids = async ({ state }: FaultContext): Promise<number[]> =>
  (await state.replicas("pid", "Pid")).flatMap(({ pid }) => pid ?? []);
