import { parseArgs } from "node:util";
import { runHandleBench } from "./handle.ts";
import { runHttpBench } from "./http.ts";
import { runLinkBench } from "./link.ts";
import { type OperatorBenchFlags, runOperatorBench } from "./operator.ts";
import { type BenchReport, printReport, writeReports } from "./report.ts";
import { runStartupBench } from "./startup.ts";

/** Flags that benches may use. */
export interface BenchFlags extends OperatorBenchFlags {
  readonly rounds?: number;
  readonly roundMs?: number;
  readonly connections?: readonly number[];
  readonly variants?: readonly string[];
  readonly bodyBytes?: number;
}

/** Every bench, by the name it is run by. */
const benches: Readonly<Record<string, (flags: BenchFlags) => Promise<BenchReport>>> = {
  http: runHttpBench,
  handle: ({ roundMs }) => runHandleBench(roundMs),
  startup: runStartupBench,
  operator: runOperatorBench,
  link: async ({ roundMs }) => {
    const rows = await runLinkBench(roundMs);
    return { ratios: {}, rows: rows.map((row) => ({ ...row })) };
  },
};

const usage = `npm run bench -- [NAME…] [--json FILE] [--rounds N] [--seconds N] [--connections 1,64] [--variants a,b] [--body-bytes N]
  [--clusters N] [--pods N]
  NAME: ${Object.keys(benches).join(", ")} (default: all)`;

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const numbers = (text: string): number[] => text.split(",").map(Number);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "string" },
    rounds: { type: "string" },
    seconds: { type: "string" },
    connections: { type: "string" },
    variants: { type: "string" },
    "body-bytes": { type: "string" },
    clusters: { type: "string" },
    pods: { type: "string" },
    help: { type: "boolean" },
  },
});
const names = positionals.length === 0 ? Object.keys(benches) : positionals;
const unknown = names.find((name) => benches[name] === undefined);
if (values.help === true || unknown !== undefined) {
  print(unknown === undefined ? usage : `no bench is called ${unknown}\n${usage}`);
  process.exit(unknown === undefined ? 0 : 2);
}
const flags: BenchFlags = {
  ...(values.rounds === undefined ? {} : { rounds: Number(values.rounds) }),
  ...(values.seconds === undefined ? {} : { roundMs: Number(values.seconds) * 1_000 }),
  ...(values.connections === undefined ? {} : { connections: numbers(values.connections) }),
  ...(values.variants === undefined ? {} : { variants: values.variants.split(",") }),
  ...(values["body-bytes"] === undefined ? {} : { bodyBytes: Number(values["body-bytes"]) }),
  ...(values.clusters === undefined ? {} : { clusters: Number(values.clusters) }),
  ...(values.pods === undefined ? {} : { pods: Number(values.pods) }),
};
const reports = new Map<string, BenchReport>();
for (const name of names) {
  const report = await benches[name]?.(flags);
  if (report === undefined) continue;
  reports.set(name, report);
  printReport(name, report, print);
}
if (values.json !== undefined) writeReports(values.json, reports);
