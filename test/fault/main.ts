/**
 * The fault scoreboard: `npm run chaos -- --seed N [--scenario S] [--seconds T] [--json FILE]`. Real kills
 * of real processes under load, a table, exit 1 where a bar is missed.
 */
import { writeFileSync } from "node:fs";
import { networkSteps } from "./network/network-steps.ts";
import { parseChaosOptions } from "./options.ts";
import { runScenario } from "./run-scenario.ts";
import { scenarios } from "./scenarios.ts";
import { machineOf } from "./score/machine.ts";
import { barLines, tableOf } from "./score/table.ts";

// Nodes and clients end with this process, Redis and the temp folder at its orderly exit.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const options = parseChaosOptions(process.argv.slice(2), Object.keys(scenarios));

if (options.list) {
  for (const [name, { steps, network }] of Object.entries(scenarios))
    say(`${name.padEnd(20)} ${[...steps, ...(network ? networkSteps : [])].map((step) => step.title).join("; ")}`);
} else {
  const scenario = scenarios[options.scenario] ?? { steps: [], network: false };
  const machine = machineOf();
  const startedAt = new Date().toISOString();
  if (options.storeNote !== "") say(options.storeNote);
  const result = await runScenario({ ...options, scenario, say });
  say(`${tableOf(result.rows)}\n`);
  say(barLines(result.bars));
  for (const name of result.notMeasured) say(`--   ${name}: not measured in this scenario`);
  const { seed, seconds, store } = options;
  const report = { scenario: options.scenario, seed, seconds, store, startedAt, machine, ...result };
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  process.exitCode = result.bars.every((bar) => bar.ok) ? 0 : 1;
}
