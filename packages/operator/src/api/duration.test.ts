import { expect, it } from "vitest";
import { durationMs } from "./duration.ts";

it.each([
  ["600", 600_000],
  ["10m", 600_000],
  ["1h30m", 5_400_000],
  ["1.5s", 1_500],
  ["250ms", 250],
  ["0", undefined],
  ["0s", undefined],
  ["-5", undefined],
  ["10", 10_000],
  ["10 m", undefined],
  ["m", undefined],
  ["", undefined],
])("reads %s", (text, expected) => {
  expect(durationMs(text)).toBe(expected);
});
