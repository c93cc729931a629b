import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive, killPid } from "@manta/testkit";
import type { FaultContext, FaultStep } from "../types.ts";
import { pickReplica } from "./pick.ts";
import { timed } from "./timed.ts";
import { until, untilWhole } from "./whole.ts";

const blockMs = 60_000;
/** What the replica may still take before it has none left. */
const spareBytes = 128 * 1024 * 1024;

/** A replica's own code blocks its event loop: whole when whoever watches it has killed it and a new one runs. */
export const replicaBlock: FaultStep = {
  name: "replica-block",
  title: "replica, blocked event loop",
  seconds: 20,
  run: async (context) => {
    const victim = await pickReplica(context, ["pid", "Pid"]);
    return await harm(context, victim.pid, { blockMs });
  },
};

/** A replica runs out of memory: a real failed allocation, with a limit that the kernel holds it to. */
export const replicaOom: FaultStep = {
  name: "replica-oom",
  title: "replica, out of memory",
  seconds: 8,
  unable: () => (hasPrlimit() ? undefined : "prlimit (util-linux) is not there"),
  run: async (context) => {
    const victim = await pickReplica(context, ["pid", "Pid"]);
    const used = Number(/^VmData:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${victim.pid}/status`, "utf8"))?.[1]) * 1024;
    execFileSync("prlimit", ["--pid", String(victim.pid), `--data=${used + spareBytes}`]);
    return await harm(context, victim.pid, { fill: true });
  },
};

const harm = async (context: FaultContext, pid: number, hazard: object) => {
  writeFileSync(join(context.runDir, "hazard"), JSON.stringify(hazard));
  context.casualties.replica(pid);
  killPid(pid, "SIGUSR2");
  const recoveryMs = await timed(async () => {
    await until("the harmed replica dead", async () => !isAlive(pid));
    await untilWhole(context);
  });
  return { recoveryMs };
};

const hasPrlimit = (): boolean => {
  try {
    execFileSync("prlimit", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};
