import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { waitFor } from "../../base/wait.ts";
import { tempDir } from "../fixtures/temp-dir.ts";
import { readProcessStat } from "../processes/proc-stat.ts";
import { type Child, spawnChild } from "../supervise/child-process.ts";
import { climbLadder, killNow, type LadderOptions } from "./ladder.ts";

const start = async (behaviour: string): Promise<{ child: Child; pids: number[] }> => {
  const logsDir = tempDir();
  const child = spawnChild({
    name: "stubborn",
    program: new URL("../fixtures/stubborn.ts", import.meta.url),
    args: [behaviour],
    env: process.env,
    logsDir,
  });
  onTestFinished(() => child.killGroup());
  const pids = await waitFor(() => readFileSync(join(logsDir, "stubborn.out"), "utf8").trim() || undefined, {
    timeoutMs: 10_000,
    what: "the start of the program",
  });
  return { child, pids: pids.split(" ").map(Number) };
};

const options: LadderOptions = {
  clock: systemClock,
  graceMs: 300,
  reason: "test",
  slackMs: 50,
  termMs: 300,
  killMs: 5_000,
};

const refuse = (): Promise<void> => Promise.reject(new Error("not understood"));

const gone = (pid: number): boolean => {
  const stat = readProcessStat(pid);
  return stat === undefined || stat.state === "Z";
};

describe("climbLadder", () => {
  it("stops at the message when the process heeds it", async () => {
    const { child } = await start("obeys");
    const requestShutdown = async (): Promise<void> => child.signal("SIGINT");
    expect(await climbLadder({ ...child, requestShutdown }, options)).toBe("message");
  });

  it("goes on to SIGTERM when the message does nothing", async () => {
    const { child } = await start("obeys");
    expect(await climbLadder({ ...child, requestShutdown: refuse }, options)).toBe("sigterm");
    expect(child.exit).toEqual({ exitCode: null, signal: "SIGTERM" });
  });

  it("gives a process without messages its grace on SIGTERM", async () => {
    const { child } = await start("ends-on-sigterm-slowly");
    expect(await climbLadder(child, { ...options, graceMs: 5_000, termMs: 0 })).toBe("sigterm");
    expect(child.exit).toEqual({ exitCode: 0, signal: null });
  });

  it.each(["ignores-sigterm", "blocks-loop"])("ends with SIGKILL a process that %s", async (behaviour) => {
    const { child } = await start(behaviour);
    if (behaviour === "blocks-loop") {
      await waitFor(() => readProcessStat(child.pid)?.state === "S", { timeoutMs: 5_000, what: "the blocked loop" });
    }
    const rung = await climbLadder(child, options);
    expect(behaviour === "blocks-loop" ? ["sigterm", "sigkill"] : ["sigkill"]).toContain(rung);
    expect(gone(child.pid)).toBe(true);
  });

  it("ends a stopped process", async () => {
    const { child } = await start("obeys");
    child.signal("SIGSTOP");
    expect(await climbLadder(child, options)).toBe("sigkill");
  });

  it("takes the descendants along", async () => {
    const { child, pids } = await start("has-child");
    expect(pids).toHaveLength(2);
    expect(await climbLadder(child, options)).toBe("sigterm");
    await waitFor(() => pids.every(gone), { timeoutMs: 2_000, what: "the end of the descendants" });
  });

  it("cuts every wait when it is hurried", async () => {
    const { child } = await start("ignores-sigterm");
    const hurry = new AbortController();
    const climbing = climbLadder(child, { ...options, graceMs: 60_000, hurry: hurry.signal });
    hurry.abort();
    expect(await climbing).toBe("sigkill");
  });
});

describe("killNow", () => {
  it("kills the group at once", async () => {
    const { child, pids } = await start("has-child");
    expect(await killNow(child, { clock: systemClock, killMs: 5_000 })).toBe("sigkill");
    await waitFor(() => pids.every(gone), { timeoutMs: 2_000, what: "the end of the group" });
  });
});
