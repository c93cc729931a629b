/**
 * `npm run check`: format, lint, types, layers, dead code, tidiness, generated files, in seconds.
 * Each checker also runs on a fixture that it must refuse, so that one which checks nothing is caught.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const fixtures = `${root}test/fixtures/check`;

interface Check {
  readonly name: string;
  readonly command: readonly string[];
  /** The same checker on code it must refuse, and a word of its complaint. */
  readonly mustFail: { readonly command: readonly string[]; readonly cwd?: string; readonly says: string };
}

const node = process.execPath;

const checks: readonly Check[] = [
  {
    name: "format",
    command: ["biome", "check", "--error-on-warnings", "."],
    mustFail: {
      command: ["biome", "format", "--config-path", `${fixtures}/format/fixture.json`, `${fixtures}/format/badly.ts`],
      says: "Formatter would have printed",
    },
  },
  {
    name: "lint",
    command: ["oxlint", "--type-aware", "--deny-warnings", "."],
    mustFail: {
      command: ["oxlint", "--type-aware", "-c", "oxlint.json", "lint"],
      cwd: fixtures,
      says: "floating-promises",
    },
  },
  {
    name: "types",
    command: ["tsc", "-p", "tsconfig.json"],
    mustFail: { command: ["tsc", "-p", `${fixtures}/types/tsconfig.json`], says: "TS2322" },
  },
  {
    name: "layers",
    command: ["depcruise", "--config", ".dependency-cruiser.js", "packages", "examples"],
    mustFail: {
      command: ["depcruise", "--config", `${root}.dependency-cruiser.js`, "packages"],
      cwd: `${fixtures}/layers`,
      says: "layer-base",
    },
  },
  {
    name: "dead code",
    command: ["knip", "--no-progress"],
    mustFail: { command: ["knip", "--no-progress", "--directory", `${fixtures}/dead-code`], says: "unused.ts" },
  },
  {
    name: "tidy",
    command: [node, "tools/check/tidy.ts"],
    mustFail: { command: [node, "tools/check/tidy.ts", `${fixtures}/tidy`], says: "Date.now" },
  },
  {
    name: "generated",
    command: [node, "tools/generate/main.ts", "--check"],
    mustFail: {
      command: [node, "tools/generate/main.ts", "--check", "--docs", `${fixtures}/generated`],
      says: "out of date",
    },
  },
];

interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly seconds: number;
}

const run = (command: readonly string[], cwd: string): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const started = performance.now();
    const [program, ...args] = command;
    const child = spawn(program ?? "", args, {
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, FORCE_COLOR: "0" },
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output, seconds: (performance.now() - started) / 1000 }));
  });

/** Why this check does not pass, or undefined. */
const problemOf = async (check: Check): Promise<string | undefined> => {
  const real = await run(check.command, root);
  const fixture = await run(check.mustFail.command, check.mustFail.cwd ?? root);
  process.stdout.write(`${real.code === 0 ? "ok  " : "FAIL"} ${check.name} (${real.seconds.toFixed(1)} s)\n`);
  if (real.code !== 0) return real.output;
  if (fixture.code === 0 || !fixture.output.includes(check.mustFail.says)) {
    return `${check.name}: passes a fixture that it must refuse with "${check.mustFail.says}":\n${fixture.output}`;
  }
  return undefined;
};

const only = process.argv.slice(2);
const queue = checks.filter((check) => only.length === 0 || only.includes(check.name));
if (queue.length === 0) throw new Error(`no such check; there are: ${checks.map((check) => check.name).join(", ")}`);

const problems: string[] = [];
const lane = async (): Promise<void> => {
  for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
    const problem = await problemOf(check);
    if (problem !== undefined) problems.push(problem);
  }
};
await Promise.all([lane(), lane()]);
for (const problem of problems) process.stdout.write(`\n${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
