import { describe, expect, test } from "vitest";
import { compileSchema } from "../compile-schema.ts";
import { compilePattern } from "./compile-pattern.ts";
import type { JsonSchema } from "./json-schema.ts";

const withSpec = (properties: Readonly<Record<string, JsonSchema>>, more: JsonSchema = {}): JsonSchema => ({
  type: "object",
  properties: { spec: { type: "object", properties, ...more } },
});
const problemsOf = (schema: JsonSchema, object: unknown, old?: unknown): string[] =>
  compileSchema(schema)
    .validate(object, old)
    .map(({ field, message }) => `${field}: ${message}`);

const prune = (schema: JsonSchema, object: object): string[] => compileSchema(schema).prune(object);

// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#field-pruning
describe("pruning", () => {
  test("takes out what the schema does not know, and tells its path", () => {
    const object = {
      apiVersion: "v1",
      kind: "X",
      metadata: { name: "x" },
      spec: { a: 1, b: 2, list: [{ c: 1, d: 2 }] },
      extra: 1,
    };
    const schema = withSpec({
      a: { type: "integer" },
      list: { type: "array", items: { type: "object", properties: { c: { type: "integer" } } } },
    });
    expect(prune(schema, object)).toEqual(["spec.b", "spec.list[0].d", "extra"]);
    expect(object).toEqual({ apiVersion: "v1", kind: "X", metadata: { name: "x" }, spec: { a: 1, list: [{ c: 1 }] } });
  });

  test("keeps what x-kubernetes-preserve-unknown-fields keeps, but prunes known fields in it", () => {
    const object = { spec: { free: { any: { x: 1 }, json: { a: 1, b: 2 } } } };
    const json: JsonSchema = { type: "object", properties: { a: { type: "integer" } } };
    const schema = withSpec({
      free: { type: "object", "x-kubernetes-preserve-unknown-fields": true, properties: { json } },
    });
    expect(prune(schema, object)).toEqual(["spec.free.json.b"]);
    expect(object).toEqual({ spec: { free: { any: { x: 1 }, json: { a: 1 } } } });
  });

  test("keeps a map's keys, and an embedded resource's own fields", () => {
    const object = {
      spec: {
        map: { k: { a: 1, b: 2 } },
        pod: { apiVersion: "v1", kind: "Pod", metadata: { labels: {} }, spec: { x: 1 } },
      },
    };
    const schema = withSpec({
      map: { type: "object", additionalProperties: { type: "object", properties: { a: { type: "integer" } } } },
      pod: { type: "object", "x-kubernetes-embedded-resource": true, properties: { spec: { type: "object" } } },
    });
    expect(prune(schema, object)).toEqual(["spec.map.k.b", "spec.pod.spec.x"]);
    expect(object.spec.pod).toEqual({ apiVersion: "v1", kind: "Pod", metadata: { labels: {} }, spec: {} });
  });
});

// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting-and-nullable
describe("defaulting", () => {
  const schema = withSpec({
    foo: { type: "string", nullable: false, default: "default" },
    bar: { type: "string", nullable: true },
    baz: { type: "string" },
    nested: { type: "object", default: {}, properties: { replicas: { type: "integer", default: 1 } } },
    list: { type: "array", items: { type: "object", properties: { protocol: { type: "string", default: "TCP" } } } },
  });

  test("fills what is missing, also in a default", () => {
    const object = { spec: { list: [{}, { protocol: "UDP" }] } };
    compileSchema(schema).applyDefaults?.(object);
    expect(object).toEqual({
      spec: { foo: "default", nested: { replicas: 1 }, list: [{ protocol: "TCP" }, { protocol: "UDP" }] },
    });
  });

  test("takes a null for nothing where the property is not nullable", () => {
    const object = { spec: { foo: null, bar: null } };
    compileSchema(schema).applyDefaults?.(object);
    expect(object.spec).toMatchObject({ foo: "default", bar: null });
  });

  test("gives every object a default of its own", () => {
    const [a, b] = [{ spec: {} }, { spec: {} }] as { spec: { nested?: { replicas: number } } }[];
    for (const object of [a, b]) compileSchema(schema).applyDefaults?.(object);
    expect(a?.spec.nested).not.toBe(b?.spec.nested);
  });
});

const refusals: [string, JsonSchema, unknown, string][] = [
  [
    "a type",
    { type: "integer" },
    "3",
    'spec.x: Invalid value: "string": spec.x in body must be of type integer: "string"',
  ],
  ["a null", { type: "string" }, null, 'spec.x: Invalid value: "null": spec.x in body must be of type string: "null"'],
  [
    "an int-or-string",
    { "x-kubernetes-int-or-string": true },
    true,
    'spec.x: Invalid value: "boolean": spec.x in body must be of type integer,string: "boolean"',
  ],
  ["an enum", { type: "string", enum: ["a", "b"] }, "x", 'spec.x: Unsupported value: "x": supported values: "a", "b"'],
  [
    "a minimum",
    { type: "integer", minimum: 1 },
    0,
    "spec.x: Invalid value: 0: spec.x in body should be greater than or equal to 1",
  ],
  [
    "an exclusive maximum",
    { type: "number", maximum: 1, exclusiveMaximum: true },
    1,
    "spec.x: Invalid value: 1: spec.x in body should be less than 1",
  ],
  [
    "a multiple",
    { type: "integer", multipleOf: 2 },
    3,
    "spec.x: Invalid value: 3: spec.x in body should be a multiple of 2",
  ],
  [
    "a pattern",
    { type: "string", pattern: "^a+$" },
    "b",
    "spec.x: Invalid value: \"b\": spec.x in body should match '^a+$'",
  ],
  [
    "a shortest length",
    { type: "string", minLength: 1 },
    "",
    'spec.x: Invalid value: "": spec.x in body should be at least 1 chars long',
  ],
  ["a longest length", { type: "string", maxLength: 2 }, "abc", "spec.x: Too long: may not be more than 2 bytes"],
  [
    "a format",
    { type: "string", format: "date-time" },
    "now",
    'spec.x: Invalid value: "now": spec.x in body must be of type date-time: "now"',
  ],
  [
    "fewest items",
    { type: "array", items: { type: "string" }, minItems: 1 },
    [],
    "spec.x: Invalid value: 0: spec.x in body should have at least 1 items",
  ],
  [
    "most items",
    { type: "array", items: { type: "string" }, maxItems: 1 },
    ["a", "b"],
    "spec.x: Too many: 2: must have at most 1 item",
  ],
  [
    "a set",
    { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
    ["a", "a"],
    'spec.x[1]: Duplicate value: "a"',
  ],
  [
    "a list by keys",
    {
      type: "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["n"],
      items: { type: "object" },
    },
    [{ n: 1 }, { n: 1 }],
    'spec.x[1]: Duplicate value: {"n":1}',
  ],
  ["an item", { type: "array", items: { type: "object", required: ["name"] } }, [{}], "spec.x[0].name: Required value"],
  [
    "a map's value",
    { type: "object", additionalProperties: { type: "string" } },
    { k: 1 },
    'spec.x.k: Invalid value: "integer": spec.x.k in body must be of type string: "integer"',
  ],
  [
    "one of",
    { type: "object", oneOf: [{ required: ["a"] }, { required: ["b"] }] },
    {},
    'spec.x: Invalid value: "": "spec.x" must validate one and only one schema (oneOf). Found none valid',
  ],
  [
    "any of",
    { type: "object", anyOf: [{ required: ["a"] }, { required: ["b"] }] },
    {},
    'spec.x: Invalid value: "": "spec.x" must validate at least one schema (anyOf)',
  ],
  [
    "not",
    { type: "object", not: { required: ["a"] } },
    { a: 1 },
    'spec.x: Invalid value: "": "spec.x" must not validate the schema (not)',
  ],
];

describe("validation", () => {
  test.each(refusals)("tells of %s", (_name, schema, value, expected) => {
    expect(problemsOf(withSpec({ x: schema }), { spec: { x: value } })).toEqual([expected]);
  });

  test("tells what is required", () => {
    expect(problemsOf(withSpec({}, { required: ["x"] }), { spec: {} })).toEqual(["spec.x: Required value"]);
    expect(problemsOf({ type: "object", required: ["spec"] }, {})).toEqual(["spec: Required value"]);
  });

  test.each<[JsonSchema, unknown]>([
    [{ type: "number" }, 1],
    [{ type: "string", nullable: true }, null],
    [{ "x-kubernetes-int-or-string": true }, "50%"],
    [{ "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] }, 5],
    [{ type: "string", maxLength: 1 }, "😀"],
    [{ type: "string", format: "duration" }, "1h30m"],
    [{ type: "string", format: "nobody-knows" }, "x"],
  ])("%j takes %j", (schema, value) => {
    expect(problemsOf(withSpec({ x: schema }), { spec: { x: value } })).toEqual([]);
  });

  test("stops at a bounded number of problems", () => {
    const schema = withSpec({ x: { type: "array", items: { type: "string" } } });
    expect(problemsOf(schema, { spec: { x: Array.from({ length: 1000 }, () => 1) } })).toHaveLength(100);
  });
});

test("patterns of Go's syntax compile", () => {
  expect(compilePattern(String.raw`^[a-z\-\_]+$`).test("a-_")).toBe(true);
  expect(compilePattern("(?i)^abc$").test("ABC")).toBe(true);
  expect(compilePattern("^(?P<x>[[:alpha:]]+)$").test("abc")).toBe(true);
});
