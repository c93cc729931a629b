import { killPid } from "@manta/testkit";
import { leaderOf } from "../cluster/leader.ts";
import { programOf } from "../cluster/node-processes.ts";
import type { FaultStep } from "../types.ts";
import { pause, timed } from "./timed.ts";
import { until, untilWhole } from "./whole.ts";

const jumpSeconds = 3_600;
const heldMs = 6_000;
const lookMs = 50;

/**
 * The heads' wall clock jumps an hour ahead and, later, back again; then the control store is killed: the epoch of its
 * successor must be newer all the same.
 */
export const clockJump: FaultStep = {
  name: "clock-jump",
  title: "wall clock of the heads jumps an hour ahead and back; then control store, SIGKILL",
  seconds: 25,
  unable: ({ clock }) => (clock.isInstalled ? undefined : "libfaketime is not installed"),
  run: async (context) => {
    const { cluster, clock, tempDir } = context;
    const replicas = await untilWhole(context);
    const before = await until("a leader", () => leaderOf(cluster));
    try {
      clock.jumpTo(jumpSeconds);
      await pause(heldMs);
      await untilWhole(context);
    } finally {
      clock.jumpTo(0);
    }
    await pause(heldMs);
    const leader = await until("a leader", () => leaderOf(cluster));
    killPid(programOf(tempDir, leader.node, "gcs"));
    const recoveryMs = await timed(async () => {
      await until("a newer epoch", async () => ((await leaderOf(cluster))?.epoch ?? 0) > leader.epoch, 30_000, lookMs);
      await untilWhole(context);
    });
    const after = new Set(await untilWhole(context));
    const replaced = replicas.filter((pid) => !after.has(pid)).length;
    const led = before.node === leader.node && before.epoch === leader.epoch ? "the same leader" : "another leader";
    return { recoveryMs, measured: [{ bar: "notAdopted", value: replaced }], notes: [`${led} through both jumps`] };
  },
};
