/** Rules of this codebase that no ready-made checker knows, each with its reason. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

interface Rule {
  readonly name: string;
  readonly reason: string;
  readonly pattern: RegExp;
  /** Paths it looks at. */
  readonly where: RegExp;
  readonly except?: RegExp;
}

/** Control-plane code, which simulations and tests drive with their own time and randomness. */
const controlPlane = /packages\/mantaray\/src\/(gcs|node|store|actor|serve\/controller|serve\/config|serve\/routing)\//;
const notSource = /\.test\.ts$|\/main\.ts$|\/fixtures\//;

const rules: readonly Rule[] = [
  {
    name: "Date.now",
    reason: "time comes from an injected Clock",
    pattern: /\bDate\.now\(|\bnew Date\(\)|performance\.now\(/,
    where: controlPlane,
    except: notSource,
  },
  {
    name: "Math.random",
    reason: "randomness comes from an injected Random",
    pattern: /\bMath\.random\(/,
    where: controlPlane,
    except: notSource,
  },
  {
    name: "setTimeout",
    reason: "timers come from an injected Clock",
    pattern: /\bset(Timeout|Interval)\(/,
    where: controlPlane,
    except: notSource,
  },
  {
    name: "left open",
    reason: "finish it, or say it in an issue",
    pattern: /\b(TODO|FIXME|XXX|HACK)\b/,
    where: /\.(ts|js|tsx)$/,
    except: /tools\/check\/tidy\.ts$/,
  },
  {
    name: "focused or skipped test",
    reason: "a test runs or is gone",
    pattern: /\b(it|describe|test)\.(only|skip|todo)\(/,
    where: /\.test\.ts$/,
  },
  {
    name: "fixed wait",
    reason: "wait on a condition with a bound",
    pattern: /\bsleep\([^)]*\d{3,}\)|setTimeout\([a-z]\w*, \d{3,}\)/,
    where: /\.test\.ts$/,
  },
  {
    name: "pkill",
    reason: "end only what you started, by pid",
    pattern: /\b(pkill|killall)\b/,
    where: /\.(ts|js|sh|json)$/,
    except: /tools\/check\/tidy\.ts$/,
  },
  { name: "export *", reason: "front doors name what they export", pattern: /^export \* from/m, where: /\.ts$/ },
];

const linesMax = 500;

const filesOf = (root: string): string[] => {
  if (root === defaultRoot)
    return execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: root, encoding: "utf8" }).split("\n");
  return (readdirSync(root, { recursive: true }) as string[]).map((name) => relative(root, join(root, name)));
};

const defaultRoot = fileURLToPath(new URL("../..", import.meta.url));
const root = process.argv[2] ?? defaultRoot;
const problems: string[] = [];
let looked = 0;

for (const file of filesOf(root)) {
  if (!/\.(ts|tsx|js|sh|json)$/.test(file) || file.includes("package-lock")) continue;
  if (root === defaultRoot && file.startsWith("test/fixtures/check/")) continue;
  const path = join(root, file);
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) continue;
  looked += 1;
  const lines = readFileSync(path, "utf8").split("\n");
  if (lines.length > linesMax && /\.tsx?$/.test(file))
    problems.push(`${file}: ${lines.length} lines, ${linesMax} at most: one concept a file`);
  for (const rule of rules) {
    if (!rule.where.test(file) || rule.except?.test(file) === true) continue;
    lines.forEach((line, index) => {
      if (rule.pattern.test(line)) problems.push(`${file}:${index + 1}: ${rule.name}: ${rule.reason}`);
    });
  }
}
if (looked === 0) problems.push(`no files under ${root}`);
process.stdout.write(problems.map((problem) => `${problem}\n`).join(""));
process.exitCode = problems.length === 0 ? 0 : 1;
