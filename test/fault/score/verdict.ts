import type { FaultRun } from "../observe.ts";
import type { StageResult } from "../run-stage.ts";
import { type BarResult, barsOfEveryFault, judge, type Measurement } from "./bars.ts";
import { measurementsOf, mergeRows, type Row } from "./rows.ts";

/** What one or several runs have shown, all together. */
export interface Verdict {
  readonly bars: readonly BarResult[];
  readonly notMeasured: readonly string[];
  readonly notRun: StageResult["notRun"];
  readonly rows: readonly Row[];
  readonly runs: readonly FaultRun[];
}

/** Puts stages together, of one run or of several, and holds all they have measured against the bars. */
export const judged = (stages: readonly StageResult[]): Verdict => {
  const runs = stages.flatMap((stage) => stage.runs);
  const rows = mergeRows(stages.flatMap((stage) => stage.rows));
  const underLoad = runs.filter((run) => Object.keys(run.seen.classes).length > 0);
  const seconds = underLoad.reduce((sum, run) => sum + run.seen.seconds, 0);
  const answered = rows.reduce((sum, row) => sum + row.ok, 0);
  const unrepaired = runs.filter((run) => run.failure !== "").length + stages.filter((stage) => stage.broken).length;
  // A soak has no traffic to judge; any other run without any has missed.
  const ofTraffic: Measurement[] =
    runs.length > 0 && underLoad.length === 0
      ? []
      : [...measurementsOf(rows), { bar: "rate", value: seconds === 0 ? 0 : answered / seconds }];
  const measured: Measurement[] = [
    ...ofTraffic,
    ...runs.flatMap((run) => run.measured),
    { bar: "unrepaired", value: unrepaired },
  ];
  return { ...judge(measured), notRun: stages.flatMap((stage) => stage.notRun), rows, runs };
};

/**
 * 1 where a bar is missed. A run that was to do `everyFault`, and left none out, has also missed what it did not
 * measure.
 */
export const exitCodeOf = (
  { bars, notMeasured, notRun }: Pick<Verdict, "bars" | "notMeasured" | "notRun">,
  { everyFault = false }: { readonly everyFault?: boolean } = {},
): 0 | 1 => {
  const blind = everyFault && notRun.length === 0 && notMeasured.some((name) => barsOfEveryFault.includes(name));
  return bars.every((bar) => bar.ok) && !blind ? 0 : 1;
};
