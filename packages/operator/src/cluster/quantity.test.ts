import { describe, expect, it } from "vitest";
import {
  addQuantities,
  ceilQuantity,
  formatQuantity,
  multiplyQuantity,
  parseQuantity,
  zeroQuantity,
} from "./quantity.ts";

const round = (text: string | number): string => formatQuantity(parseQuantity(text) ?? zeroQuantity);

describe("quantities", () => {
  it.each([
    ["500m", "500m"],
    ["0.5", "500m"],
    ["1500m", "1500m"],
    ["1.5", "1500m"],
    [2, "2"],
    ["1000m", "1"],
    ["1Gi", "1Gi"],
    ["1024Mi", "1Gi"],
    ["1.5Gi", "1536Mi"],
    ["1000", "1k"],
    ["1e3", "1k"],
    ["5E-1", "500m"],
    ["-1", "-1"],
    ["0", "0"],
    ["2E", "2E"],
    ["100n", "100n"],
  ])("%s is written %s", (text, written) => {
    expect(round(text)).toBe(written);
  });

  it.each(["", "a", "1 Gi", "1KiB", "--1", "."])("%j is none", (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  });

  it("adds exactly and keeps the notation of the first", () => {
    const sum = ["5Gi", "1Gi", "512Mi"]
      .map((text) => parseQuantity(text) ?? zeroQuantity)
      .reduce(addQuantities, zeroQuantity);
    expect(formatQuantity(sum)).toBe("6656Mi");
    const cpus = multiplyQuantity(parseQuantity("100m") ?? zeroQuantity, 30);
    expect(formatQuantity(cpus)).toBe("3");
  });

  it("rounds up to whole units", () => {
    expect(ceilQuantity(parseQuantity("1500m") ?? zeroQuantity)).toBe(2n);
    expect(ceilQuantity(parseQuantity("2") ?? zeroQuantity)).toBe(2n);
    expect(ceilQuantity(parseQuantity("1n") ?? zeroQuantity)).toBe(1n);
  });
});
