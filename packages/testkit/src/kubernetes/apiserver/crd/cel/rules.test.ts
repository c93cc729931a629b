import { describe, expect, test } from "vitest";
import { compileSchema } from "../compile-schema.ts";
import type { JsonSchema, ValidationRule } from "../schema/json-schema.ts";

const problemsOf = (schema: JsonSchema, object: unknown, old?: unknown): string[] =>
  compileSchema(schema)
    .validate(object, old)
    .map(({ field, message }) => `${field}: ${message}`);

const spec = (
  rules: readonly (string | ValidationRule)[],
  properties: Readonly<Record<string, JsonSchema>>,
): JsonSchema => ({
  type: "object",
  properties: {
    spec: {
      type: "object",
      properties,
      "x-kubernetes-validations": rules.map((rule) => (typeof rule === "string" ? { rule } : rule)),
    },
  },
});

const integer: JsonSchema = { type: "integer" };
const string: JsonSchema = { type: "string" };

const trueRules: [string, Readonly<Record<string, JsonSchema>>, unknown][] = [
  [
    "self.items.all(i, i.name.startsWith('x'))",
    { items: { type: "array", items: { type: "object", properties: { name: string } } } },
    { items: [{ name: "x1" }] },
  ],
  ["self.items.exists_one(i, i == 'a')", { items: { type: "array", items: string } }, { items: ["a", "b"] }],
  [
    "self.map['k'] == 1 && 'k' in self.map",
    { map: { type: "object", additionalProperties: integer } },
    { map: { k: 1 } },
  ],
  [
    "self.map.all(k, self.map[k] > 0)",
    { map: { type: "object", additionalProperties: integer } },
    { map: { a: 1, b: 2 } },
  ],
  ["type(self.i) == int && type(self.n) == double", { i: integer, n: { type: "number" } }, { i: 1, n: 1 }],
  ["self.i + 1 == 3 && self.i % 2 == 0", { i: integer }, { i: 2 }],
  [
    "type(self.x) == string ? self.x == '50%' : self.x == 3",
    { x: { "x-kubernetes-int-or-string": true } },
    { x: "50%" },
  ],
  ["type(self.x) == int && self.x == 3", { x: { "x-kubernetes-int-or-string": true } }, { x: 3 }],
  [
    "self.t > timestamp('2020-01-01T00:00:00Z')",
    { t: { type: "string", format: "date-time" } },
    { t: "2024-01-01T00:00:00Z" },
  ],
  ["self.d == duration('90m')", { d: { type: "string", format: "duration" } }, { d: "1h30m" }],
  [
    "self.__namespace__ == 'a' && self.a__dash__b == 'c' && self.x__dot__y == 'd'",
    { namespace: string, "a-b": string, "x.y": string },
    { namespace: "a", "a-b": "c", "x.y": "d" },
  ],
  ["quantity(self.q).isGreaterThan(quantity('500m')) && isQuantity(self.q)", { q: string }, { q: "1Gi" }],
  ["quantity('1000m') == quantity('1')", {}, {}],
  ["quantity('50k').add(quantity('20k')).compareTo(quantity('70k')) == 0", {}, {}],
  ["self.s.find('[0-9]+') == '123' && self.s.findAll('[0-9]').size() == 3", { s: string }, { s: "abc 123" }],
  ["self.s.matches('^[a-z]+$') && self.s.lowerAscii() == self.s && self.s.size() == 3", { s: string }, { s: "abc" }],
  [
    "self.s.split('.').size() == 2 && self.s.substring(0, 1) == 'a' && self.s.indexOf('.') == 1",
    { s: string },
    { s: "a.b" },
  ],
  [
    "url(self.u).getScheme() == 'https' && url(self.u).getHostname() == 'example.com' && isURL(self.u)",
    { u: string },
    { u: "https://example.com:80/x" },
  ],
  [
    "self.l.isSorted() && self.l.sum() == 6 && self.l.max() == 3 && self.l.indexOf(2) == 1",
    { l: { type: "array", items: integer } },
    { l: [1, 2, 3] },
  ],
  [
    "sets.contains(self.l, ['a']) && sets.equivalent(self.l, ['b', 'a'])",
    { l: { type: "array", items: string } },
    { l: ["a", "b"] },
  ],
  [
    "!has(self.a) && (!has(self.b) || self.b == null)",
    { a: string, b: { type: "string", nullable: true } },
    { b: null },
  ],
  ["[1, 2, 3].filter(x, x > 1).map(x, x * 2) == [4, 6]", {}, {}],
  [
    "self.any.x.y == 1",
    { any: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
    { any: { x: { y: 1 } } },
  ],
];

// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
describe("validation rules", () => {
  const replicas = spec(
    [
      {
        rule: "self.minReplicas <= self.replicas",
        message: "replicas should be greater than or equal to minReplicas.",
      },
      {
        rule: "self.replicas <= self.maxReplicas",
        messageExpression: "'replicas is ' + string(self.replicas) + ', at most ' + string(self.maxReplicas)",
      },
    ],
    { replicas: integer, minReplicas: integer, maxReplicas: integer },
  );

  test("hold or tell their message", () => {
    expect(problemsOf(replicas, { spec: { minReplicas: 0, replicas: 5, maxReplicas: 10 } })).toEqual([]);
    expect(problemsOf(replicas, { spec: { minReplicas: 6, replicas: 5, maxReplicas: 4 } })).toEqual([
      'spec: Invalid value: "object": replicas should be greater than or equal to minReplicas.',
      'spec: Invalid value: "object": replicas is 5, at most 4',
    ]);
  });

  test("that fail to evaluate are told", () => {
    expect(problemsOf(replicas, { spec: { replicas: 5, maxReplicas: 10 } })[0]).toMatch(
      /^spec: Invalid value: "object": .*evaluating rule: replicas should be/u,
    );
  });

  test("are not evaluated for an object that is invalid anyhow", () => {
    expect(problemsOf(replicas, { spec: { replicas: "x" } })).toEqual([
      'spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"',
      "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
    ]);
  });

  test("name their reason and field", () => {
    const schema = spec(
      [{ rule: "has(self.a)", reason: "FieldValueRequired", fieldPath: ".a", message: "a is needed" }],
      { a: string },
    );
    expect(problemsOf(schema, { spec: {} })).toEqual(["spec.a: Required value: a is needed"]);
  });

  test.each(trueRules)("%s", (rule, properties, value) => {
    expect(problemsOf(spec([rule], properties), { spec: value })).toEqual([]);
    expect(problemsOf(spec([`!(${rule})`], properties), { spec: value })).toHaveLength(1);
  });
});

// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#transition-rules
describe("transition rules", () => {
  const immutable: JsonSchema = {
    type: "object",
    properties: {
      spec: {
        type: "object",
        properties: {
          a: { ...string, "x-kubernetes-validations": [{ rule: "self == oldSelf", message: "a is immutable" }] },
        },
      },
    },
  };

  test("compare with what is stored, and rest on create", () => {
    expect(problemsOf(immutable, { spec: { a: "1" } })).toEqual([]);
    expect(problemsOf(immutable, { spec: { a: "1" } }, { spec: {} })).toEqual([]);
    expect(problemsOf(immutable, { spec: { a: "2" } }, { spec: { a: "1" } })).toEqual([
      'spec.a: Invalid value: "string": a is immutable',
    ]);
  });

  test("with optionalOldSelf are evaluated on create too", () => {
    const schema = spec([{ rule: "!oldSelf.hasValue() || oldSelf.value().a == self.a", optionalOldSelf: true }], {
      a: string,
    });
    expect(problemsOf(schema, { spec: { a: "1" } })).toEqual([]);
    expect(problemsOf(schema, { spec: { a: "1" } }, { spec: { a: "1" } })).toEqual([]);
    expect(problemsOf(schema, { spec: { a: "1" } }, { spec: { a: "2" } })).toHaveLength(1);
  });

  test("find an item of a keyed list by its keys, and no item of other lists", () => {
    const items: JsonSchema = {
      type: "object",
      properties: {
        name: string,
        size: { ...integer, "x-kubernetes-validations": [{ rule: "self >= oldSelf", message: "cannot shrink" }] },
      },
    };
    const schema = (more: JsonSchema): JsonSchema => ({
      type: "object",
      properties: { l: { type: "array", items, ...more } },
    });
    const before = {
      l: [
        { name: "a", size: 1 },
        { name: "b", size: 5 },
      ],
    };
    const after = {
      l: [
        { name: "b", size: 4 },
        { name: "a", size: 2 },
      ],
    };
    const keyed = schema({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] });
    expect(problemsOf(keyed, after, before)).toEqual(['l[0].size: Invalid value: "integer": cannot shrink']);
    expect(problemsOf(schema({}), after, before)).toEqual([]);
  });
});
