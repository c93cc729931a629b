import { killPid } from "@manta/testkit";
import { leaderOf } from "../cluster/leader.ts";
import { programOf } from "../cluster/node-processes.ts";
import type { FaultStep } from "../types.ts";
import { timed } from "./timed.ts";
import { until, untilWhole } from "./whole.ts";

const lookMs = 20;
/** One that answers later is not back: waiting for it would only make the figure coarse. */
const answerMs = 150;

/** SIGKILL to the leading control store alone: its agent starts it again, and it takes its own lease back. */
export const storeKill: FaultStep = {
  name: "store-kill",
  title: "control store, SIGKILL",
  seconds: 6,
  run: async (context) => {
    const { cluster, tempDir } = context;
    const before = await until("a leader", () => leaderOf(cluster));
    killPid(programOf(tempDir, before.node, "gcs"));
    let backMs = 0;
    const recoveryMs = await timed(async () => {
      backMs = await timed(() =>
        until(
          "a leader again",
          async () => ((await leaderOf(cluster, answerMs))?.epoch ?? 0) > before.epoch,
          30_000,
          lookMs,
        ),
      );
      await untilWhole(context);
    });
    const after = await until("a leader", () => leaderOf(cluster));
    const notes = [`of ${before.node.name}: a control store leads again after ${backMs} ms, on ${after.node.name}`];
    return { recoveryMs, measured: [{ bar: "storeBack", value: backMs }], notes };
  },
};
