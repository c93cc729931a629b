import { describe, expect, it } from "vitest";
import { FakeClock } from "../../base/fake-clock.ts";
import { waitFor } from "../../base/wait.ts";
import { OneInFlight } from "./one-in-flight.ts";

const wait = { timeoutMs: 2_000, what: "the next send", intervalMs: 1 };

describe("pushes to one agent", () => {
  it("go one at a time, and those that wait become one", async () => {
    const sent: number[] = [];
    const gates: (() => void)[] = [];
    const pushes = new OneInFlight<number>({
      send: (value) => {
        sent.push(value);
        return new Promise((resolve) => gates.push(resolve));
      },
      merge: Math.max,
      clock: new FakeClock(),
      retryMs: 10,
      onError: () => undefined,
      giveUp: () => false,
    });
    pushes.offer(1);
    await waitFor(() => sent.length === 1, wait);
    for (const value of [2, 5, 3]) pushes.offer(value);
    gates[0]?.();
    await waitFor(() => sent.length === 2, wait);
    expect(sent).toEqual([1, 5]);
  });

  it("are repeated after a failure, joined with what came meanwhile, until it is no use", async () => {
    const clock = new FakeClock();
    const sent: number[] = [];
    let errors = 0;
    let over = false;
    const pushes = new OneInFlight<number>({
      send: (value) => {
        sent.push(value);
        return Promise.reject(new Error("no"));
      },
      merge: Math.max,
      clock,
      retryMs: 100,
      onError: () => {
        errors += 1;
      },
      giveUp: () => over,
    });
    pushes.offer(4);
    await waitFor(() => errors === 1, wait);
    pushes.offer(2);
    await clock.advance(100);
    await waitFor(() => errors === 2, wait);
    over = true;
    await clock.advance(1_000);
    expect(sent).toEqual([4, 4]);
  });
});
