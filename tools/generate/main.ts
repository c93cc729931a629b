/**
 * Writes the parts of docs/ that are made from the code, between `<!-- generated: NAME -->` and
 * `<!-- end -->`, and the files that are made from it whole. With `--check` it writes nothing and fails
 * where one of them is out of date.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { diagram } from "./diagram.ts";
import { errorTable } from "./error-table.ts";
import { flagTable } from "./flag-table.ts";
import { kubernetesFiles } from "./kubernetes-files.ts";
import { limitTable } from "./limit-table.ts";
import { optionTable } from "./option-table.ts";
import { boundTable, clusterRuleTable, serviceRuleTable } from "./rule-table.ts";

const generators: Readonly<Record<string, () => string>> = {
  clusterRules: clusterRuleTable,
  customResourceBounds: boundTable,
  diagram,
  errors: errorTable,
  limits: limitTable,
  operatorFlags: flagTable,
  options: optionTable,
  serviceRules: serviceRuleTable,
};

const { values } = parseArgs({ options: { check: { type: "boolean", default: false }, docs: { type: "string" } } });
const docs = values.docs ?? fileURLToPath(new URL("../../docs", import.meta.url));
const section = /(<!-- generated: (\w+) -->\n)[^]*?(<!-- end -->)/g;

let sections = 0;
const stale: string[] = [];
for (const name of readdirSync(docs).filter((file) => file.endsWith(".md"))) {
  const path = join(docs, name);
  const before = readFileSync(path, "utf8");
  const after = before.replaceAll(section, (_all, open: string, generator: string, close: string) => {
    const generate = generators[generator];
    if (generate === undefined) throw new Error(`${name}: no generator named ${generator}`);
    sections += 1;
    return `${open}\n${generate().trim()}\n\n${close}`;
  });
  if (after === before) continue;
  stale.push(name);
  if (!values.check) writeFileSync(path, after);
}
const root = fileURLToPath(new URL("../..", import.meta.url));
const textOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
};
for (const file of kubernetesFiles()) {
  const path = join(root, file.path);
  if (textOf(path) === file.text) continue;
  stale.push(file.path);
  if (values.check) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, file.text);
}
if (sections === 0) throw new Error(`no generated section in ${docs}`);
for (const name of stale)
  process.stdout.write(`${name}: ${values.check ? "out of date: run npm run generate" : "written"}\n`);
process.exitCode = values.check && stale.length > 0 ? 1 : 0;
