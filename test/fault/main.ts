/**
 * The fault scoreboard: `npm run chaos -- --seed N [--scenario S] [--seconds T] [--json FILE]`. Real kills
 * of real processes under load, a table, exit 1 where a bar is missed.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { runScenario } from "./run-scenario.ts";
import { tableOf } from "./scoreboard.ts";
import type { FaultStep } from "./types.ts";
import { walk } from "./walk.ts";

const scenarios: Readonly<Record<string, readonly FaultStep[]>> = { walk };

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    scenario: { type: "string", default: "walk" },
    seconds: { type: "string", default: "60" },
    json: { type: "string" },
  },
});
const steps = scenarios[values.scenario];
if (steps === undefined)
  throw new Error(`--scenario ${values.scenario}: there are ${Object.keys(scenarios).join(", ")}`);

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const result = await runScenario({ steps, seconds: Number(values.seconds), seed: Number(values.seed), say });
say(`\n${tableOf(result.rows)}\n`);
for (const bar of result.bars) say(`${bar.ok ? "ok  " : "MISS"} ${bar.name}: ${bar.value} (bar ${bar.bar})`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
process.exitCode = result.bars.every((bar) => bar.ok) ? 0 : 1;
