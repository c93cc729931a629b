import { readFileSync, writeFileSync } from "node:fs";
import type { ScenarioResult } from "../run-scenario.ts";
import { type machineOf } from "./machine.ts";
import { markdownTableOf } from "./table.ts";
import { judged, type Verdict } from "./verdict.ts";

/** A JSON file of a run. */
export interface RunFile extends ScenarioResult {
  readonly scenario: string;
  readonly seed: number;
  readonly seconds: number;
  readonly store: string;
  readonly startedAt: string;
  readonly machine: ReturnType<typeof machineOf>;
}

const begin = "<!-- measured -->";
const end = "<!-- end of measured -->";

/** Reads the files of several runs as one. */
export const readRuns = (
  files: readonly string[],
): { readonly runs: readonly RunFile[]; readonly verdict: Verdict } => {
  const runs = files.map((file) => JSON.parse(readFileSync(file, "utf8")) as RunFile);
  return { runs, verdict: judged(runs) };
};

/** Puts what was measured between the marks of a document. */
export const writeReport = (document: string, runs: readonly RunFile[], verdict: Verdict): void => {
  const text = readFileSync(document, "utf8");
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to < from) throw new Error(`${document} must hold ${begin} and, later, ${end}`);
  writeFileSync(document, `${text.slice(0, from + begin.length)}\n\n${reportOf(runs, verdict)}\n\n${text.slice(to)}`);
};

/** The measured part of the document: how it was measured, the bars, a line a fault. */
export const reportOf = (runs: readonly RunFile[], { bars, notMeasured, notRun, rows }: Verdict): string => {
  const why = new Map(notRun.map(({ fault, why: reason }) => [fault, reason]));
  return [
    ...runs.map(runLine),
    "",
    "| bar | limit | measured | values | |",
    "| --- | ---: | ---: | ---: | --- |",
    ...bars.map(
      ({ name, bar, value, count, ok }) => `| ${name} | ${bar} | ${value} | ${count} | ${ok ? "met" : "**missed**"} |`,
    ),
    ...notMeasured.map((name) => `| ${name} | | | 0 | not measured |`),
    "",
    ...(rows.length === 0 ? [] : [markdownTableOf(rows), ""]),
    ...[...why].map(([fault, reason]) => `- not run: ${fault}: ${reason}`),
  ]
    .join("\n")
    .trimEnd();
};

const runLine = ({ scenario, seed, elapsedSeconds, store, startedAt, machine }: RunFile): string => {
  const on = `${machine.cores} cores of ${machine.cpu}, ${machine.memoryGb} GB, Linux ${machine.kernel}, Node ${machine.node}`;
  const what = `\`${scenario}\`, seed ${seed}, ${elapsedSeconds} s, store ${store}`;
  return `- ${what}; ${startedAt.slice(0, 10)}, commit ${machine.commit}; ${on}, Redis ${machine.redis}`;
};
