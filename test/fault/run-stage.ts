import { cpSync } from "node:fs";
import { join } from "node:path";
import { type Random, seededRandom } from "../../packages/mantaray/src/base/random.ts";
import { Casualties } from "./cluster/casualties.ts";
import { type ChaosCluster, type ChaosClusterOptions, startChaosCluster } from "./cluster/start-cluster.ts";
import { answersAfter, type FaultRun, observe } from "./observe.ts";
import type { Row } from "./score/rows.ts";
import { untilWhole } from "./steps/whole.ts";
import { trafficPlan } from "./traffic/plan.ts";
import { TrafficProcess } from "./traffic/traffic-process.ts";
import type { FaultContext, FaultStep } from "./types.ts";

/** Faults on one cluster. */
export interface StageOptions extends ChaosClusterOptions {
  readonly steps: readonly FaultStep[];
  /** Each step is done once at least; then again and again while there is time, `roundsMax` times at most. */
  readonly seconds: number;
  readonly roundsMax: number;
  readonly seed: number;
  /** Keeps the cluster's logs here, step by step. */
  readonly logs?: string;
  readonly say: (line: string) => void;
}

/** What a stage has shown. */
export interface StageResult {
  readonly notRun: readonly { readonly fault: string; readonly why: string }[];
  readonly runs: readonly FaultRun[];
  readonly rows: readonly Row[];
}

/** Starts a cluster, loads it, and does the steps in turn, again and again, until the time is over. */
export const runStage = async (options: StageOptions): Promise<StageResult> => {
  const { say, seed } = options;
  const chaos = await startChaosCluster(options);
  let traffic: TrafficProcess | undefined;
  try {
    traffic = await TrafficProcess.start(trafficPlan(chaos.cluster.url, seed));
    await traffic.answers(answersAfter);
    const context: FaultContext = {
      ...chaos,
      traffic,
      random: seededRandom(seed),
      say,
      tempIsDisk: chaos.temp.isDisk,
      casualties: new Casualties(chaos.cluster),
    };
    await untilWhole(context);
    // What came while the first processes warmed up belongs to no fault.
    await traffic.take();
    chaos.executions.takeTwice();
    return await runSteps(options, chaos, context);
  } finally {
    await traffic?.stop();
    await chaos.stop();
  }
};

const runSteps = async (options: StageOptions, chaos: ChaosCluster, context: FaultContext): Promise<StageResult> => {
  const startedMs = performance.now();
  const elapsed = (): number => (performance.now() - startedMs) / 1000;
  const runs: FaultRun[] = [];
  const rows: Row[] = [];
  const notRun = options.steps.flatMap((step) => {
    const why = step.unable?.(context);
    return why === undefined ? [] : [{ fault: step.title, why }];
  });
  for (const { fault, why } of notRun) options.say(`${fault}: not run: ${why}`);
  const able = options.steps.filter((step) => step.unable?.(context) === undefined);
  for (let round = 1; round <= options.roundsMax; round += 1) {
    // Each round in another order, the same for the same seed; the first as it is listed.
    const order = round === 1 ? able : shuffled(able, context.random);
    let done = 0;
    for (const step of order) {
      if (round > 1 && (step.once === true || elapsed() + step.seconds > options.seconds)) continue;
      const outcome = await runStep(step, round, chaos, context);
      runs.push(outcome.run);
      rows.push(...outcome.rows);
      done += 1;
      if (options.logs !== undefined) keepLogs(chaos, options.logs, `${runs.length}-${step.name}`);
    }
    if (done === 0) break;
  }
  return { notRun, runs, rows };
};

const runStep = async (step: FaultStep, round: number, chaos: ChaosCluster, shared: FaultContext) => {
  const casualties = new Casualties(chaos.cluster);
  await casualties.learn();
  const context: FaultContext = { ...shared, casualties };
  return await observe({
    title: step.title,
    round,
    traffic: context.traffic,
    executions: chaos.executions,
    excuses: (cut) => casualties.excuses(cut),
    say: context.say,
    run: () => step.run(context),
    repair: () => untilWhole(context, repairTimeoutMs),
  });
};

const repairTimeoutMs = 120_000;

const keepLogs = ({ temp }: ChaosCluster, folder: string, name: string): void => {
  const left = /\/(s|compile-cache|bundles|builds|filler)$/;
  cpSync(temp.path, join(folder, name), { recursive: true, filter: (path) => !left.test(path) });
};

const shuffled = <T>(items: readonly T[], random: Random): T[] =>
  items
    .map((item) => ({ item, key: random.next() }))
    .toSorted((left, right) => left.key - right.key)
    .map(({ item }) => item);
