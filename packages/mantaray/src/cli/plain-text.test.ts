import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseJson } from "./parse-json.ts";
import { plainText, plainValue } from "./plain-text.ts";

describe("text from elsewhere", () => {
  it.each([
    ["\u001b[31mred\u001b[0m", "red"],
    ["\u001b]0;title\u0007x", "x"],
    ["\u001b]8;;http://evil\u001b\\link\u001b]8;;\u001b\\", "link"],
    ["\u009b2Jx", "x"],
    ["a\rb\bc\u0000d\u007f", "abcd"],
    ["\u001b", ""],
    ["two\nlines\tand a tab ü 漢", "two\nlines\tand a tab ü 漢"],
  ])("%j becomes %j", (given, expected) => {
    expect(plainText(given)).toBe(expected);
  });

  it("is cleaned in keys and values however deep, also where JSON spelled the escape", () => {
    expect(plainValue({ "a\u001b[1m": [{ b: "\u001b[2Jx" }], n: 1 })).toEqual({ a: [{ b: "x" }], n: 1 });
    expect(parseJson(z.object({ a: z.string() }), '{"a": "\\u001b[2Jx"}', "it")).toEqual({ a: "x" });
  });
});
