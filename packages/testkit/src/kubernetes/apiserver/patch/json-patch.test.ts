import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cloneJson } from "./json.ts";
import { applyJsonPatch, MalformedPatchError, PatchConflictError } from "./json-patch.ts";

const examples: [name: string, document: unknown, patch: unknown, expected: unknown][] = [
  ["adds a member", { foo: "bar" }, [{ op: "add", path: "/baz", value: "qux" }], { foo: "bar", baz: "qux" }],
  [
    "adds an item",
    { foo: ["bar", "baz"] },
    [{ op: "add", path: "/foo/1", value: "qux" }],
    { foo: ["bar", "qux", "baz"] },
  ],
  ["removes a member", { baz: "qux", foo: "bar" }, [{ op: "remove", path: "/baz" }], { foo: "bar" }],
  ["removes an item", { foo: ["bar", "qux", "baz"] }, [{ op: "remove", path: "/foo/1" }], { foo: ["bar", "baz"] }],
  ["replaces", { baz: "qux", foo: "bar" }, [{ op: "replace", path: "/baz", value: "boo" }], { baz: "boo", foo: "bar" }],
  [
    "moves a member",
    { foo: { bar: "baz", waldo: "fred" }, qux: { corge: "grault" } },
    [{ op: "move", from: "/foo/waldo", path: "/qux/thud" }],
    { foo: { bar: "baz" }, qux: { corge: "grault", thud: "fred" } },
  ],
  [
    "moves an item",
    { foo: ["all", "grass", "cows", "eat"] },
    [{ op: "move", from: "/foo/1", path: "/foo/3" }],
    { foo: ["all", "cows", "eat", "grass"] },
  ],
  [
    "tests",
    { baz: "qux", foo: ["a", 2, "c"] },
    [
      { op: "test", path: "/baz", value: "qux" },
      { op: "test", path: "/foo/1", value: 2 },
    ],
    { baz: "qux", foo: ["a", 2, "c"] },
  ],
  [
    "adds behind the last",
    { foo: ["bar"] },
    [{ op: "add", path: "/foo/-", value: ["abc", "def"] }],
    { foo: ["bar", ["abc", "def"]] },
  ],
  [
    "unescapes",
    { "/": 9, "~1": 10 },
    [
      { op: "test", path: "/~01", value: 10 },
      { op: "copy", from: "/~1", path: "/a~1b" },
    ],
    { "/": 9, "~1": 10, "a/b": 9 },
  ],
  ["replaces the whole", { a: 1 }, [{ op: "replace", path: "", value: { b: 2 } }], { b: 2 }],
  [
    "ignores other members of an operation",
    { foo: "bar" },
    [{ op: "add", path: "/baz", value: "qux", xyz: 123 }],
    { foo: "bar", baz: "qux" },
  ],
];

describe("a JSON patch", () => {
  // The examples of RFC 6902, appendix A.
  test.each(examples)("%s", (_name, document, patch, expected) => {
    const before = cloneJson(document);
    expect(applyJsonPatch(document, patch)).toEqual(expected);
    expect(document).toEqual(before);
  });

  test.each([
    ["a test that fails", { baz: "qux" }, [{ op: "test", path: "/baz", value: "bar" }]],
    ["a test of another type", { "~1": 10 }, [{ op: "test", path: "/~01", value: "10" }]],
    ["an add under what is missing", { foo: "bar" }, [{ op: "add", path: "/baz/bat", value: "qux" }]],
    ["a removal of what is missing", { foo: "bar" }, [{ op: "remove", path: "/baz" }]],
    ["a replacement of what is missing", { foo: "bar" }, [{ op: "replace", path: "/baz", value: 1 }]],
    ["an index behind the end", { foo: [1] }, [{ op: "add", path: "/foo/2", value: 1 }]],
    ["an index with a leading zero", { foo: [1, 2] }, [{ op: "remove", path: "/foo/01" }]],
    ["a move into itself", { foo: { bar: 1 } }, [{ op: "move", from: "/foo", path: "/foo/bar" }]],
  ])("refuses %s", (_name, document, patch) => {
    expect(() => applyJsonPatch(document, patch)).toThrow(PatchConflictError);
  });

  test.each([
    ["no array", { op: "add" }],
    ["an unknown operation", [{ op: "spin", path: "/a" }]],
    ["an operation without path", [{ op: "remove" }]],
    ["a path without slash", [{ op: "remove", path: "a" }]],
  ])("is malformed with %s", (_name, patch) => {
    expect(() => applyJsonPatch({}, patch)).toThrow(MalformedPatchError);
  });

  test("sets a member called __proto__ as any other", () => {
    const patched = applyJsonPatch({}, [{ op: "add", path: "/__proto__", value: { a: 1 } }]);
    expect(Object.keys(patched as object)).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>)["a"]).toBeUndefined();
  });

  test("that adds and removes the same leaves the document as it was", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), fc.jsonValue(), (document, name, value) => {
        fc.pre(!Object.hasOwn(document, name) && name !== "__proto__");
        const path = `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
        const patch = [
          { op: "add", path, value },
          { op: "test", path, value },
          { op: "remove", path },
        ];
        expect(applyJsonPatch(document, patch)).toEqual(document);
      }),
    );
  });
});
