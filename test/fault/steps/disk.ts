import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { killPid } from "@manta/testkit";
import { faultConfigOf } from "../config.ts";
import type { FaultStep } from "../types.ts";
import { pickReplica } from "./pick.ts";
import { pause, timed } from "./timed.ts";
import { until, untilWhole } from "./whole.ts";

const fullForMs = 10_000;
const blockBytes = 1 << 20;

/** The temp folder of all nodes has no byte left; meanwhile a replica dies and a deployment changes. */
export const diskFull: FaultStep = {
  name: "disk-full",
  title: "temp folder full for 10 s, a replica killed meanwhile",
  seconds: 25,
  unable: ({ tempIsDisk }) => (tempIsDisk ? undefined : "mounting a small disk needs root"),
  run: async (context) => {
    const filler = join(context.tempDir, "filler");
    const victim = await pickReplica(context);
    let refusal = "";
    fillUp(filler);
    try {
      context.casualties.replica(victim.pid);
      killPid(victim.pid);
      await context.cluster.api.deploy(faultConfigOf({ pidReplicas: 4 })).catch((error: unknown) => {
        refusal = `; the change was refused: ${String(error).slice(0, 200)}`;
      });
      await pause(fullForMs);
    } finally {
      rmSync(filler, { force: true });
    }
    const recoveryMs = await timed(async () => {
      await until("the former configuration taken", async () => {
        await context.cluster.api.deploy(faultConfigOf());
        return true;
      });
      await untilWhole(context);
    });
    return { recoveryMs, notes: [`${victim.deployment} on ${victim.node?.name}${refusal}`] };
  },
};

const fillUp = (file: string): void => {
  const block = Buffer.alloc(blockBytes);
  const fd = openSync(file, "w");
  try {
    for (let bytes = blockBytes; bytes >= 1; ) {
      try {
        writeSync(fd, block, 0, bytes);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
        bytes = Math.floor(bytes / 2);
      }
    }
  } finally {
    closeSync(fd);
  }
};
