import { describe, expect, it } from "vitest";
import { FakeClock } from "../base/fake-clock.ts";
import { silentLog } from "../base/log.ts";
import { Watchdog } from "./watchdog.ts";

/** A process whose loop turns or not. */
const start = (timeoutMs: number) => {
  const clock = new FakeClock();
  const state = { answers: true, pings: 0, deaths: [] as number[], waiting: [] as (() => void)[] };
  const ping = (): Promise<void> => {
    state.pings += 1;
    return state.answers ? Promise.resolve() : new Promise((resolve) => state.waiting.push(resolve));
  };
  const watched = { key: "w", timeoutMs, ping, onUnresponsive: (silentMs: number) => void state.deaths.push(silentMs) };
  const watchdog = new Watchdog({ watched: () => [watched], clock, log: silentLog });
  watchdog.start();
  return { clock, state, watchdog };
};

describe("Watchdog", () => {
  it("leaves a process alone whose loop turns", async () => {
    const { clock, state } = start(5_000);
    await clock.advance(60_000);
    expect(state.pings).toBe(60);
    expect(state.deaths).toEqual([]);
  });

  it("finds a silent process soon after its time limit", async () => {
    const { clock, state } = start(5_000);
    await clock.advance(10_000);
    state.answers = false;
    await clock.advance(5_000);
    expect(state.deaths).toEqual([]);
    await clock.advance(1_500);
    expect(state.deaths).toEqual([5_000]);
  });

  it("forgives silence that ends in time, even by the answer to an old ping", async () => {
    const { clock, state } = start(5_000);
    state.answers = false;
    await clock.advance(5_000);
    state.answers = true;
    state.waiting.shift()?.();
    await clock.advance(30_000);
    expect(state.deaths).toEqual([]);
  });

  it("wants several unanswered pings whatever the time limit", async () => {
    const { clock, state } = start(1);
    state.answers = false;
    await clock.advance(3_000);
    expect(state.deaths).toEqual([]);
    await clock.advance(1_000);
    expect(state.deaths).toHaveLength(1);
  });

  it("watches nobody at a limit of 0", async () => {
    const { clock, state } = start(0);
    state.answers = false;
    await clock.advance(600_000);
    expect(state).toMatchObject({ pings: 0, deaths: [] });
  });

  it("does not count the time in which its own loop was stalled", async () => {
    const { clock, state, watchdog } = start(5_000);
    state.answers = false;
    await clock.advance(2_000);
    stall(clock, 60_000);
    await clock.advance(1_000);
    expect(watchdog.lagMs).toBeGreaterThan(50_000);
    expect(state.deaths).toEqual([]);
    await clock.advance(4_500);
    expect(state.deaths).toHaveLength(1);
  });
});

/** Time passes while no timer can run. */
const stall = (clock: FakeClock, byMs: number): void => {
  const nowMs = clock.nowMs.bind(clock);
  clock.nowMs = () => nowMs() + byMs;
};
