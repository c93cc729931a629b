import { describe, expect, test } from "vitest";
import { parseLabelSelector } from "./label-selector.ts";

describe("label selectors", () => {
  test.each([
    ["", {}, true],
    ["a=1", { a: "1" }, true],
    ["a==1,b!=2", { a: "1", b: "3" }, true],
    ["a!=1", undefined, true],
    ["a in (1, 2)", { a: "2" }, true],
    ["a in (1,2)", {}, false],
    ["a notin (1,2)", {}, true],
    ["a", { a: "" }, true],
    ["!a", { a: "" }, false],
    ["example.com/name=x", { "example.com/name": "x" }, true],
    ["a=", { a: "" }, true],
    ["n>3", { n: "4" }, true],
  ])("%j on %j is %s", (text, labels, expected) => {
    expect(parseLabelSelector(text)(labels as Record<string, string> | undefined)).toBe(expected);
  });

  test("text that is none is refused", () => {
    expect(() => parseLabelSelector("a in 1")).toThrow("unable to parse requirement");
  });
});
