import { cpSync } from "node:fs";
import { join } from "node:path";
import { type Random, seededRandom } from "../../packages/mantaray/src/base/random.ts";
import { Casualties } from "./cluster/casualties.ts";
import { type ChaosCluster, type StoreKind, startChaosCluster } from "./cluster/start-cluster.ts";
import { type BarResult, judge, type Measurement } from "./score/bars.ts";
import { measurementsOf, mergeRows, type Row, rowsOf } from "./score/rows.ts";
import { untilWhole } from "./steps/whole.ts";
import type { TrafficPlan } from "./traffic/protocol.ts";
import type { WindowReport } from "./traffic/report.ts";
import { TrafficProcess } from "./traffic/traffic-process.ts";
import type { FaultContext, FaultStep } from "./types.ts";

/** Every class in flight at any moment, and the better half of two cores left to the cluster. */
const trafficPlan: Omit<TrafficPlan, "url" | "seed"> = {
  connections: 8,
  closedPerSecond: 400,
  openPerSecond: 260,
  openConnectionsMax: 256,
  uploadsPerSecond: 0.5,
  streams: 6,
  timeoutMs: 30_000,
};
/** Answers before the first fault and after each recovery: they show that traffic is whole. */
const answersAfter = 300;

/** How a run is to be. */
export interface ScenarioOptions {
  readonly steps: readonly FaultStep[];
  /** Each step is done once at least; then again and again while there is time. */
  readonly seconds: number;
  readonly seed: number;
  readonly store: StoreKind;
  /** Keeps the cluster's logs here, step by step. */
  readonly logs?: string;
  readonly say: (line: string) => void;
}

/** One fault, done once. */
export interface FaultRun {
  readonly fault: string;
  readonly round: number;
  readonly atSeconds: number;
  readonly recoveryMs: number;
  readonly measured: readonly Measurement[];
  readonly notes: readonly string[];
  /** Why it did not recover; empty when it did. */
  readonly failure: string;
  readonly seen: WindowReport;
}

/** What a run has shown. */
export interface ScenarioResult {
  readonly plan: TrafficPlan;
  readonly elapsedSeconds: number;
  readonly bars: readonly BarResult[];
  readonly notMeasured: readonly string[];
  readonly notRun: readonly { readonly fault: string; readonly why: string }[];
  readonly rows: readonly Row[];
  readonly runs: readonly FaultRun[];
}

/** Starts a cluster, loads it, and does the steps in turn, again and again, until the time is over. */
export const runScenario = async (options: ScenarioOptions): Promise<ScenarioResult> => {
  const { say, seed } = options;
  const chaos = await startChaosCluster(options.store);
  const plan = { ...trafficPlan, url: chaos.cluster.url, seed };
  let traffic: TrafficProcess | undefined;
  try {
    traffic = await TrafficProcess.start(plan);
    await traffic.answers(answersAfter);
    const context = { ...chaos, traffic, random: seededRandom(seed), say, casualties: new Casualties(chaos.cluster) };
    await untilWhole(context);
    // What came while the first processes warmed up belongs to no fault.
    await traffic.take();
    chaos.executions.takeTwice();
    return { plan, ...(await runSteps(options, chaos, context)) };
  } finally {
    await traffic?.stop();
    await chaos.stop();
  }
};

const runSteps = async (
  options: ScenarioOptions,
  chaos: ChaosCluster,
  context: FaultContext,
): Promise<Omit<ScenarioResult, "plan">> => {
  const startedMs = performance.now();
  const elapsed = (): number => (performance.now() - startedMs) / 1000;
  const runs: FaultRun[] = [];
  const rows: Row[] = [];
  const notRun = options.steps.flatMap((step) => {
    const why = step.unable?.(context);
    return why === undefined ? [] : [{ fault: step.title, why }];
  });
  const able = options.steps.filter((step) => step.unable?.(context) === undefined);
  for (const { fault, why } of notRun) options.say(`${fault}: not run: ${why}`);
  for (let round = 1; ; round += 1) {
    // Each round in another order, the same for the same seed; the first as it is listed.
    const order = round === 1 ? [...able] : shuffled(able, context.random);
    const fitting = order.filter((step) => round === 1 || elapsed() + step.seconds <= options.seconds);
    for (const step of fitting) {
      if (round > 1 && elapsed() + step.seconds > options.seconds) continue;
      const outcome = await runStep(step, round, elapsed(), chaos, context);
      runs.push(outcome.run);
      rows.push(...outcome.rows);
      if (options.logs !== undefined) keepLogs(chaos, options.logs, `${runs.length}-${step.name}`);
    }
    if (fitting.length === 0 || elapsed() >= options.seconds) break;
  }
  const merged = mergeRows(rows);
  const answered = rows.reduce((sum, row) => sum + row.ok, 0);
  const measured: Measurement[] = [
    ...measurementsOf(merged),
    ...runs.flatMap((run) => run.measured),
    { bar: "rate", value: answered / runs.reduce((sum, run) => sum + run.seen.seconds, 0) },
    { bar: "unrepaired", value: runs.filter((run) => run.failure !== "").length },
  ];
  return { elapsedSeconds: Math.round(elapsed()), ...judge(measured), notRun, rows: merged, runs };
};

const runStep = async (
  step: FaultStep,
  round: number,
  atSeconds: number,
  chaos: ChaosCluster,
  shared: FaultContext,
): Promise<{ run: FaultRun; rows: readonly Row[] }> => {
  const context: FaultContext = { ...shared, casualties: new Casualties(chaos.cluster) };
  await context.casualties.learn();
  let failure = "";
  const result = await step.run(context).catch(async (error: unknown) => {
    failure = error instanceof Error ? error.message : String(error);
    context.say(`${step.title}: ${failure}`);
    // The next fault shall find a whole cluster; where it does not become whole, the run ends here.
    await untilWhole(context, 120_000);
    return { recoveryMs: -1 };
  });
  await context.traffic.answers(answersAfter);
  const seen = await context.traffic.take();
  const { recoveryMs } = result;
  const excused = context.casualties.excuses.bind(context.casualties);
  const twice = chaos.executions.takeTwice();
  const rows = rowsOf({ fault: step.title, recoveryMs, seen, twice, excused });
  const notes = "notes" in result ? (result.notes ?? []) : [];
  const measured = "measured" in result ? (result.measured ?? []) : [];
  context.say(lineOf(step.title, rows, recoveryMs, notes));
  for (const incident of seen.incidents.slice(0, 3)) context.say(`    ${JSON.stringify(incident)}`);
  for (const cut of seen.cuts.filter((one) => !excused(one)).slice(0, 3)) context.say(`    cut ${JSON.stringify(cut)}`);
  return {
    run: { fault: step.title, round, atSeconds: Math.round(atSeconds), recoveryMs, measured, notes, failure, seen },
    rows,
  };
};

const lineOf = (title: string, rows: readonly Row[], recoveryMs: number, notes: readonly string[]): string => {
  const sum = (key: "ok" | "saved" | "refused" | "failed" | "cut"): number =>
    rows.reduce((total, row) => total + row[key], 0);
  const counts = `${sum("ok")} ok, ${sum("saved")} saved, ${sum("refused")} refused, ${sum("failed")} failed, ${sum("cut")} cut`;
  return [`${title}: ${counts}, whole again after ${recoveryMs} ms`, ...notes.map((note) => `    ${note}`)].join("\n");
};

const keepLogs = ({ temp }: ChaosCluster, folder: string, name: string): void => {
  cpSync(temp.path, join(folder, name), {
    recursive: true,
    filter: (path) => !/\/(s|compile-cache|bundles|builds)$/.test(path),
  });
};

const shuffled = <T>(items: readonly T[], random: Random): T[] =>
  items
    .map((item) => ({ item, key: random.next() }))
    .toSorted((left, right) => left.key - right.key)
    .map(({ item }) => item);
