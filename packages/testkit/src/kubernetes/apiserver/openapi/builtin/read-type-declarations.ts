import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FieldTypes } from "./field-types.ts";

/** The groups whose kinds are read, as folders of the declarations. */
const sources = [
  "core/v1",
  "apps/v1",
  "batch/v1",
  "autoscaling/v1",
  "autoscaling/v2",
  "networking/v1",
  "policy/v1",
  "rbac/v1",
  "coordination/v1",
  "discovery/v1",
  "events/v1",
  "storage/v1",
  "scheduling/v1",
  "authentication/v1",
  "authorization/v1",
  "admissionregistration/v1",
  "apiextensions/v1",
  "meta/v1",
] as const;

/** Names that the declarations write as TypeScript aliases, and what JSON they stand for. */
const scalars: Readonly<Record<string, string>> = {
  number: "int",
  Time: "time",
  MicroTime: "time",
  "number | string": "int-or-string",
  Quantity: "quantity",
  RawExtension: "any",
  FieldsV1: "any",
  JSON: "any",
  JSONSchemaPropsOrArray: "apiextensions.JSONSchemaProps",
  JSONSchemaPropsOrBool: "any",
  JSONSchemaPropsOrStringArray: "any",
  WatchEvent: "any",
  Patch: "any",
};

/** Numbers that need not be whole: the declarations do not tell. */
const fractions: ReadonlySet<string> = new Set(["maximum", "minimum", "multipleOf"]);

/**
 * The built-in kinds' fields out of TypeScript declarations of the API (the package `kubernetes-types`, whose own source
 * is the API's OpenAPI document): what `types.json` is made from. `directory` is the package's.
 */
export function readTypeDeclarations(directory: string): FieldTypes {
  const types: Record<string, Record<string, string>> = {};
  for (const source of sources) {
    const text = readFileSync(join(directory, `${source}.d.ts`), "utf8").replaceAll(/\/\*\*.*?\*\//gsu, "");
    const imported = importsOf(text, source);
    for (const [, name = "", body = ""] of text.matchAll(/^export interface (\w+) \{\n(.*?)^\}/gmsu)) {
      if (name.endsWith("List") && /^\s+items: Array</mu.test(body)) continue;
      types[qualify(name, source)] = fieldsOf(body, source, imported);
    }
  }
  return types;
}

function importsOf(text: string, source: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, names = "", from = ""] of text.matchAll(/^import \{ (.*?) \} from "(.*?)";/gmu)) {
    const at = join(source, "..", from);
    for (const name of names.split(", ")) found.set(name, at);
  }
  return found;
}

function fieldsOf(body: string, source: string, imported: Map<string, string>): Record<string, string> {
  const fields: Record<string, string> = {};
  const pattern = /^ {4}(?:readonly )?(?:"([^"]+)"|([\w$]+))(\?)?: (\{.*?\}|[^\n]*?);$/gmsu;
  for (const [, quoted, plain, optional, type = ""] of body.matchAll(pattern)) {
    const name = quoted ?? plain ?? "";
    fields[name] =
      (fractions.has(name) ? "number" : typeOf(type, source, imported)) + (optional === undefined ? "!" : "");
  }
  return fields;
}

function typeOf(text: string, source: string, imported: Map<string, string>): string {
  const list = /^Array<(.*)>$/su.exec(text);
  if (list?.[1] !== undefined) return `[${typeOf(list[1], source, imported)}]`;
  const map = /^\{\s*\[name: string\]: (.*?);?\s*\}$/su.exec(text);
  if (map?.[1] !== undefined) return `{${typeOf(map[1], source, imported)}}`;
  if (text.startsWith('"') || text === "string") return "string";
  const scalar = scalars[text];
  if (scalar !== undefined) return scalar;
  if (text === "boolean" || text === "any") return text;
  if (/^\w+$/u.test(text)) return qualify(text, imported.get(text) ?? source);
  return "any";
}

/** `core/v1` and `meta/v1` go without their source: nothing else has their names. */
function qualify(name: string, source: string): string {
  return source === "core/v1" || source === "meta/v1" ? name : `${source.replace(/\/v1$/u, "")}.${name}`;
}
