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
  /** Its cluster did not start. */
  readonly broken?: boolean;
}

/** A cluster under load. */
interface Session {
  readonly chaos: ChaosCluster;
  readonly context: FaultContext;
  close(): Promise<void>;
}

/** Clusters that a stage may use up: one that does not become whole is replaced by a new one. */
const sessionsMax = 3;

/** Starts a cluster, loads it, and does the steps in turn, again and again, until the time is over. */
export const runStage = async (options: StageOptions): Promise<StageResult> => {
  const { say } = options;
  const random = seededRandom(options.seed);
  const runs: FaultRun[] = [];
  const rows: Row[] = [];
  let sessions = 1;
  let session = await open(options, random);
  const notRun = options.steps.flatMap((step) => {
    const why = step.unable?.(session.context);
    return why === undefined ? [] : [{ fault: step.title, why }];
  });
  for (const { fault, why } of notRun) say(`${fault}: not run: ${why}`);
  const able = options.steps.filter((step) => step.unable?.(session.context) === undefined);
  try {
    for (const { step, round } of schedule(able, options, random)) {
      if (sessions > sessionsMax) {
        notRun.push({ fault: step.title, why: `the cluster did not become whole ${sessionsMax} times before` });
        continue;
      }
      const { run, rows: seen, broken } = await runStep(step, round, session);
      runs.push(run);
      rows.push(...seen);
      if (options.logs !== undefined) keepLogs(session.chaos, options.logs, `${runs.length}-${step.name}`);
      if (!broken) continue;
      sessions += 1;
      await session.close();
      if (sessions <= sessionsMax) session = await open(options, random);
    }
  } finally {
    await session.close();
  }
  return { notRun, runs, rows };
};

/** Every step once, as listed; then in other orders, the same for the same seed, while there is time. */
function* schedule(
  steps: readonly FaultStep[],
  { seconds, roundsMax }: StageOptions,
  random: Random,
): Generator<{ readonly step: FaultStep; readonly round: number }> {
  const startedMs = performance.now();
  const fits = (step: FaultStep): boolean => (performance.now() - startedMs) / 1000 + step.seconds <= seconds;
  for (let round = 1; round <= roundsMax; round += 1) {
    let done = 0;
    for (const step of round === 1 ? steps : shuffled(steps, random)) {
      if (round > 1 && (step.once === true || !fits(step))) continue;
      yield { step, round };
      done += 1;
    }
    if (done === 0) return;
  }
}

const open = async (options: StageOptions, random: Random): Promise<Session> => {
  const chaos = await startChaosCluster(options);
  let traffic: TrafficProcess | undefined;
  let closed: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    await traffic?.stop();
    await chaos.stop();
  };
  try {
    traffic = await TrafficProcess.start(trafficPlan(chaos.cluster.url, options.seed));
    await traffic.answers(answersAfter);
    const casualties = new Casualties(chaos.cluster);
    const context = { ...chaos, traffic, random, say: options.say, tempIsDisk: chaos.temp.isDisk, casualties };
    await untilWhole(context);
    // What came while the first processes warmed up belongs to no fault.
    await traffic.take();
    chaos.executions.takeTwice();
    return { chaos, context, close: () => (closed ??= end()) };
  } catch (error) {
    await end();
    throw error;
  }
};

const runStep = async (step: FaultStep, round: number, { chaos, context: shared }: Session) => {
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
