import { expect, test } from "vitest";
import { parseQuantity } from "./quantity.ts";

test.each([
  ["500m", 0.5],
  ["2", 2],
  ["1.5Gi", 1.5 * 2 ** 30],
  ["2G", 2e9],
  ["1e3", 1000],
  ["128Mi", 128 * 2 ** 20],
])("%s is %d", (text, value) => expect(parseQuantity(text)).toBeCloseTo(value));

test("what is no quantity is refused", () => {
  for (const text of ["", "1 Gi", "GiB", "1Gib", "--1"]) expect(() => parseQuantity(text)).toThrow("no quantity");
});
