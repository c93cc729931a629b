import type { StoreKind } from "./cluster/start-cluster.ts";
import { networkSteps } from "./network/network-steps.ts";
import { runNetworkStage } from "./network/run-network-stage.ts";
import { runStage, type StageResult } from "./run-stage.ts";
import type { Scenario } from "./scenarios.ts";
import { judged, type Verdict } from "./score/verdict.ts";
import { runSoak, type SoakResult } from "./soak/run-soak.ts";

/** How a run is to be. */
export interface ScenarioOptions {
  readonly scenario: Scenario;
  /** Each step is done once at least; then again and again while there is time. */
  readonly seconds: number;
  readonly seed: number;
  readonly store: StoreKind;
  /** Keeps the cluster's logs here, step by step. */
  readonly logs?: string;
  readonly say: (line: string) => void;
}

/** What a run has shown. */
export interface ScenarioResult extends Verdict {
  readonly elapsedSeconds: number;
  /** Of a soak: samples by process. */
  readonly memory?: SoakResult["memory"];
}

/** What the bar on memory is about. */
const soakWork = { deaths: 10_000, redeploys: 1_000 };

/** Stages beside the main one are short: so often is each of their faults done. */
const sideRounds = 2;

/** Does every stage of a scenario, each on a cluster of its own, and judges all of them together. */
export const runScenario = async (options: ScenarioOptions): Promise<ScenarioResult> => {
  const startedMs = performance.now();
  const left = (): number => options.seconds - (performance.now() - startedMs) / 1000;
  const { steps, network, soak } = options.scenario;
  const onSentinels = steps.filter((step) => step.on === "sentinels");
  const main = steps.filter((step) => step.on === undefined);
  const sideRoundsNow = main.length > 0 && options.seconds < sideStagesSecondsMin ? 1 : sideRounds;
  const stages: StageResult[] = [];
  const stage = async (
    titles: readonly { readonly title: string }[],
    run: () => Promise<StageResult>,
  ): Promise<void> => {
    stages.push(await run().catch((error: unknown) => failed(titles, error, options.say)));
  };
  if (network) await stage(networkSteps, () => runNetworkStage({ ...options, rounds: sideRoundsNow }));
  if (onSentinels.length > 0) {
    const side = { ...options, steps: onSentinels, redis: "sentinels" as const, roundsMax: sideRoundsNow };
    const seconds = main.length > 0 ? Number.POSITIVE_INFINITY : options.seconds;
    if (options.store === "redis") await stage(onSentinels, () => runStage({ ...side, seconds }));
    else stages.push(notRun(onSentinels, "needs the Redis store"));
  }
  let memory: ScenarioResult["memory"];
  if (soak) {
    const result = await runSoak({ ...soakWork, seconds: options.seconds, say: options.say });
    memory = result.memory;
    stages.push(result);
  }
  if (main.length > 0) {
    const redis = options.store === "redis" ? ("single" as const) : undefined;
    const roundsMax = Number.POSITIVE_INFINITY;
    await stage(main, () => runStage({ ...options, steps: main, redis, seconds: left(), roundsMax }));
  }
  const elapsedSeconds = Math.round((performance.now() - startedMs) / 1000);
  return { elapsedSeconds, ...judged(stages), ...(memory === undefined ? {} : { memory }) };
};

/** Below this a run has no time for a second round beside its main stage. */
const sideStagesSecondsMin = 300;

const notRun = (steps: readonly { readonly title: string }[], why: string): StageResult => ({
  notRun: steps.map(({ title }) => ({ fault: title, why })),
  runs: [],
  rows: [],
});

/** A stage whose cluster did not even start: none of its faults is known to be survived. */
const failed = (
  titles: readonly { readonly title: string }[],
  error: unknown,
  say: (line: string) => void,
): StageResult => {
  const why = error instanceof Error ? error.message : String(error);
  say(`not run: ${why}`);
  return { ...notRun(titles, `the cluster did not start: ${why.split("\n")[0]}`), broken: true };
};
