import { startTestCluster } from "@manta/testkit";
import { createLoad, type Load } from "../../bench/load/load.ts";
import { systemClock } from "../../packages/mantaray/src/base/clock.ts";
import { seededRandom } from "../../packages/mantaray/src/base/random.ts";
import { waitFor } from "../../packages/mantaray/src/base/wait.ts";
import { faultAppPath, faultConfig } from "./config.ts";
import { barsOf, type Row, rowsOf } from "./scoreboard.ts";
import { traffic } from "./traffic.ts";
import type { Check, FaultContext, FaultStep } from "./types.ts";

/** Enough to have every class in flight at any moment, little enough to leave the cores to the cluster. */
const connections = 8;
const ratePerSecond = 400;
/** What the scoreboard promises to have sent at least. */
export const rateMin = 200;
/** Answers after a recovery that belong to its fault: shows that traffic is whole again. */
const answersAfter = 200;

/** A run: the rows, the bars, and whether all of them were met. */
export interface Result {
  readonly bars: readonly Check[];
  readonly rows: readonly Row[];
}

/** Starts a cluster, loads it, and does the steps in turn, again and again, until the time is over. */
export const runScenario = async (options: {
  readonly steps: readonly FaultStep[];
  readonly seconds: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}): Promise<Result> => {
  const { steps, say } = options;
  const test = await startTestCluster({ workers: [4, 4], config: faultConfig, appPath: faultAppPath });
  const load = createLoad({
    url: test.cluster.url,
    connections,
    ratePerSecond,
    requests: traffic.map((kind) => kind.request),
    timeoutMs: 10_000,
  });
  const random = seededRandom(options.seed);
  const rows: Row[] = [];
  const checks: Check[] = [];
  const startedMs = systemClock.nowMs();
  let answered = 0;
  try {
    load.start();
    await answers(load, answersAfter);
    do {
      // Each round in another order, the same for the same seed; the first as it is listed.
      const order = rows.length === 0 ? [...steps] : shuffled(steps, () => random.next());
      for (const step of order) {
        const outcome = await runStep(step, { ...test, say }, load);
        rows.push(...outcome.rows);
        checks.push(...outcome.checks);
        answered += outcome.answered;
      }
    } while (systemClock.nowMs() - startedMs < options.seconds * 1000);
    await load.stop();
  } finally {
    await load.stop(0);
    await test.stop();
  }
  const elapsedSeconds = (systemClock.nowMs() - startedMs) / 1000;
  return { rows, bars: [...barsOf(rows, answered / elapsedSeconds, rateMin), ...merged(checks)] };
};

const runStep = async (
  step: FaultStep,
  context: FaultContext,
  load: Load,
): Promise<{ rows: Row[]; checks: readonly Check[]; answered: number }> => {
  load.reset();
  const { recoveryMs, checks = [] } = await step.run(context);
  await answers(load, answersAfter);
  const seen = load.snapshot();
  const rows = rowsOf(step.name, step.killsProxy, seen, recoveryMs);
  const failed = rows.reduce((sum, row) => sum + row.failed, 0);
  context.say(`${step.name}: ${seen.ok} ok, ${failed} failed, ${seen.cut} cut, whole again after ${recoveryMs} ms`);
  return { rows, checks, answered: seen.ok };
};

const answers = async (load: Load, count: number): Promise<void> => {
  const from = load.snapshot().ok;
  await waitFor(() => load.snapshot().ok - from >= count, { timeoutMs: 30_000, what: `${count} answers` });
};

const shuffled = <T>(items: readonly T[], next: () => number): T[] =>
  items
    .map((item) => ({ item, key: next() }))
    .toSorted((left, right) => left.key - right.key)
    .map(({ item }) => item);

/** One line a check: its worst value over all rounds. */
const merged = (checks: readonly Check[]): Check[] => {
  const worst = new Map<string, Check>();
  for (const check of checks) if (worst.get(check.name)?.ok !== false) worst.set(check.name, check);
  return [...worst.values()];
};
