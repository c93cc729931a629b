import { FakeClock } from "mantaray/testing";
import { expect, test } from "vitest";
import type { KubeletClock } from "../clock.ts";
import { ProbeLoop } from "./probe-loop.ts";

const run = async (results: readonly boolean[], probe: object): Promise<{ failures: number; verdicts: boolean[] }> => {
  const fake = new FakeClock();
  const clock: KubeletClock = {
    wallMs: () => fake.wallMs(),
    nowMs: () => fake.nowMs(),
    after: (delayMs, callback) => fake.after(delayMs, callback),
  };
  const seen = { failures: 0, verdicts: [] as boolean[] };
  let at = 0;
  const loop = new ProbeLoop({
    probe,
    clock,
    perform: () => Promise.resolve({ success: results[at++] ?? false, message: "" }),
    onFailure: () => (seen.failures += 1),
    onVerdict: (success) => void seen.verdicts.push(success),
  });
  for (const _ of results) {
    await fake.advance(1_000);
    await Promise.resolve();
  }
  loop.stop();
  return seen;
};

test("so many failures in a row are a verdict, one success between them starts over", async () => {
  const probe = { periodSeconds: 1, initialDelaySeconds: 1, failureThreshold: 2 };
  const { failures, verdicts } = await run([true, false, true, false, false], probe);
  expect(verdicts).toEqual([true, true, false]);
  expect(failures).toBe(3);
});

test("so many successes in a row are a verdict", async () => {
  const probe = { periodSeconds: 1, initialDelaySeconds: 1, successThreshold: 3, failureThreshold: 9 };
  expect((await run([true, true, false, true, true, true], probe)).verdicts).toEqual([true]);
});
