/**
 * The fault scoreboard: `npm run chaos -- --seed N [--scenario S] [--seconds T] [--json FILE]`. Real kills
 * of real processes under load, a table, exit 1 where a bar is missed.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { networkSteps } from "./network/network-steps.ts";
import { type ChaosOptions, parseChaosOptions } from "./options.ts";
import { runScenario } from "./run-scenario.ts";
import { type Scenario, scenarios } from "./scenarios.ts";
import { machineOf } from "./score/machine.ts";
import { barLines, tableOf } from "./score/table.ts";
import { exitCodeOf, type Verdict } from "./score/verdict.ts";
import { readRuns, writeReport } from "./score/write-report.ts";

const document = fileURLToPath(new URL("../../docs/reliability.md", import.meta.url));
const cutsKept = 200;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const listScenarios = (): void => {
  for (const [name, { steps, network, soak }] of Object.entries(scenarios)) {
    const titles = [...steps, ...(network ? networkSteps : [])].map((step) => step.title);
    say(`${name.padEnd(20)} ${[...titles, ...(soak ? ["redeploys and deaths in a loop, memory"] : [])].join("; ")}`);
  }
};

const show = ({ rows, bars, notMeasured, notRun }: Verdict): void => {
  if (rows.length > 0) say(`${tableOf(rows)}\n`);
  say(barLines(bars));
  for (const name of notMeasured) say(`--   ${name}: not measured`);
  for (const { fault, why } of notRun) say(`--   ${fault}: not run: ${why}`);
};

const report = (files: readonly string[]): 0 | 1 => {
  const { runs, verdict } = readRuns(files);
  show(verdict);
  writeReport(document, runs, verdict);
  return exitCodeOf(verdict);
};

const run = async (options: ChaosOptions, scenario: Scenario): Promise<0 | 1> => {
  const { seed, seconds, store, json, storeNote } = options;
  // Nodes do not keep their starter alive.
  const awake = setInterval(() => undefined, 1_000);
  const machine = machineOf();
  const startedAt = new Date().toISOString();
  if (storeNote !== "") say(storeNote);
  const result = await runScenario({ ...options, scenario, say });
  show(result);
  const runs = result.runs.map(({ seen, ...rest }) => ({
    ...rest,
    seen: { ...seen, cuts: seen.cuts.slice(0, cutsKept) },
  }));
  const file = { scenario: options.scenario, seed, seconds, store, startedAt, machine, ...result, runs };
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(file, null, 2)}\n`);
  clearInterval(awake);
  return exitCodeOf(result, { everyFault: options.scenario === "full" });
};

// Nodes and clients end with this process, Redis and the temp folder at its orderly exit.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
const options = parseChaosOptions(process.argv.slice(2), Object.keys(scenarios));
const scenario = scenarios[options.scenario];
if (options.list) listScenarios();
else if (options.report.length > 0) process.exitCode = report(options.report);
else if (scenario !== undefined) process.exitCode = await run(options, scenario);
