/**
 * Writes the parts of docs/ that are made from the code, between `<!-- generated: NAME -->` and
 * `<!-- end -->`. With `--check` it writes nothing and fails where a page is out of date.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { diagram } from "./diagram.ts";
import { errorTable } from "./error-table.ts";
import { limitTable } from "./limit-table.ts";
import { optionTable } from "./option-table.ts";

const generators: Readonly<Record<string, () => string>> = {
  diagram,
  errors: errorTable,
  limits: limitTable,
  options: optionTable,
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
if (sections === 0) throw new Error(`no generated section in ${docs}`);
for (const name of stale)
  process.stdout.write(`${name}: ${values.check ? "out of date: run npm run generate" : "written"}\n`);
process.exitCode = values.check && stale.length > 0 ? 1 : 0;
