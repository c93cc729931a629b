import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { seededRandom } from "../../base/random.ts";
import { waitFor } from "../../base/wait.ts";
import { tempDir } from "../fixtures/temp-dir.ts";
import { nodeLimits } from "../limits.ts";
import { type Child, spawnChild } from "./child-process.ts";
import { Supervisor } from "./supervisor.ts";

const start = (behaviour: string) => {
  const logsDir = tempDir();
  const starts: { child: Child; atMs: number }[] = [];
  const spawn = (): Child => {
    const child = spawnChild({
      name: "program",
      program: new URL("../fixtures/stubborn.ts", import.meta.url),
      args: [behaviour],
      env: process.env,
      logsDir,
    });
    starts.push({ child, atMs: systemClock.nowMs() });
    return child;
  };
  const supervisor = new Supervisor({
    name: "program",
    spawn,
    clock: systemClock,
    random: seededRandom(1),
    log: silentLog,
  });
  onTestFinished(() => supervisor.stop(0, "the test is over"));
  supervisor.start();
  return { starts, supervisor };
};

describe("Supervisor", () => {
  it("starts a killed program again at once", async () => {
    const { starts, supervisor } = start("obeys");
    starts[0]?.child.signal("SIGKILL");
    await starts[0]?.child.exited;
    expect(starts).toHaveLength(2);
    expect(supervisor.child?.pid).toBe(starts[1]?.child.pid);
  });

  it("slows down in a crash loop and goes on", async () => {
    const { starts } = start("exits-at-once");
    await waitFor(() => starts.length >= nodeLimits.crashIntensity + 3, { timeoutMs: 15_000, what: "the restarts" });
    const delaysMs = starts.slice(1).map(({ atMs }, index) => atMs - (starts[index]?.atMs ?? 0));
    const slow = delaysMs.slice(nodeLimits.crashIntensity);
    for (const delayMs of slow) expect(delayMs).toBeGreaterThan(nodeLimits.crashBackoffInitialMs / 2);
  });

  it("starts nothing any more once stopped, also between two lives", async () => {
    const { starts, supervisor } = start("exits-at-once");
    await waitFor(() => starts.length > nodeLimits.crashIntensity && supervisor.child === undefined, {
      timeoutMs: 15_000,
      what: "the wait between two lives",
    });
    await supervisor.stop(1_000, "test");
    expect(supervisor.child).toBeUndefined();
  });

  it("stops with force what does not heed SIGTERM", async () => {
    const { starts, supervisor } = start("ignores-sigterm");
    await supervisor.stop(200, "test");
    expect(starts[0]?.child.exit).toBeDefined();
    expect(starts).toHaveLength(1);
  });
});

describe("a Supervisor with a spare", () => {
  it("tells the spare to begin when the program ends, and keeps another one", async () => {
    const logsDir = tempDir();
    const program = new URL("../fixtures/told.ts", import.meta.url);
    const spares: Child[] = [];
    const child = (args: string[]): Child => spawnChild({ name: "program", program, args, env: process.env, logsDir });
    const supervisor = new Supervisor({
      name: "program",
      spawn: () => child([]),
      spawnSpare: () => {
        const spare = child(["spare"]);
        spares.push(spare);
        return spare;
      },
      clock: systemClock,
      random: seededRandom(1),
      log: silentLog,
    });
    onTestFinished(() => supervisor.stop(0, "the test is over"));
    supervisor.start();
    await waitFor(() => spares.length === 1, { timeoutMs: 15_000, what: "the spare" });
    const [spare] = spares;
    const first = supervisor.child;
    first?.signal("SIGKILL");
    await first?.exited;
    expect(supervisor.child).toBe(spare);
    await waitFor(() => spare?.hasSpoken, { timeoutMs: 10_000, what: "the spare's first word" });
    await waitFor(() => spares.length === 2, { timeoutMs: 15_000, what: "the next spare" });
    await supervisor.stop(0, "test");
    for (const each of spares) await each.exited;
  });
});
