import { describe, expect, test } from "vitest";
import { canonicalQuantity, parseQuantity } from "./quantity.ts";

describe("quantities", () => {
  test.each([
    ["1000m", "1"],
    ["0.5", "500m"],
    ["1.5Gi", "1536Mi"],
    ["1024Mi", "1Gi"],
    ["100Mi", "100Mi"],
    ["1e3", "1k"],
    ["1000", "1k"],
    ["100", "100"],
    ["0", "0"],
    ["0.1", "100m"],
    ["512Ki", "512Ki"],
    ["-1", "-1"],
    [2, "2"],
  ])("%s is written %s", (text, canonical) => {
    expect(canonicalQuantity(text)).toBe(canonical);
    expect(parseQuantity(text)).toBe(parseQuantity(canonical));
  });

  test("text that is none stays what it is, for validation to refuse", () => {
    expect(canonicalQuantity("much")).toBe("much");
    expect(parseQuantity("1 Gi")).toBeUndefined();
  });
});
