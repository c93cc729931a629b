import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isObject, type JsonObject } from "../json.ts";
import { cloneJson, equalJson, setKey } from "./json.ts";
import { applyMergePatch } from "./merge-patch.ts";

describe("a JSON merge patch", () => {
  // The table of RFC 7386, appendix A.
  test.each([
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [
      ["a", "b"],
      ["c", "d"],
      ["c", "d"],
    ],
    [{ a: "b" }, ["c"], ["c"]],
    [{ a: "foo" }, null, null],
    [{ a: "foo" }, "bar", "bar"],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])("%j with %j is %j", (target, patch, expected) => {
    expect(applyMergePatch(target, patch)).toEqual(expected);
  });

  // An object without nulls: a merge patch cannot say that a member becomes null.
  const value = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom("a", "b", "c", "d", "__proto__"), tie("value"), { maxKeys: 4 }),
    ),
  })).value;

  test("of the difference between two values makes one the other", () => {
    fc.assert(
      fc.property(value, value, (from, to) => {
        const before = cloneJson(from);
        expect(equalJson(applyMergePatch(from, difference(from, to)), to)).toBe(true);
        expect(equalJson(from, before)).toBe(true);
      }),
    );
  });

  test("applied twice is applied once", () => {
    fc.assert(
      fc.property(value, fc.jsonValue(), (target, patch) => {
        const once = applyMergePatch(target, patch);
        expect(equalJson(applyMergePatch(once, patch), once)).toBe(true);
      }),
    );
  });
});

function difference(from: unknown, to: unknown): unknown {
  if (!isObject(from) || !isObject(to)) return to;
  const patch: JsonObject = {};
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) setKey(patch, key, null);
  for (const key of Object.keys(to)) {
    if (Object.hasOwn(from, key) && equalJson(from[key], to[key])) continue;
    setKey(patch, key, Object.hasOwn(from, key) ? difference(from[key], to[key]) : to[key]);
  }
  return patch;
}
