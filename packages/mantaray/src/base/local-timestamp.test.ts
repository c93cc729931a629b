import { describe, expect, it } from "vitest";
import { localTimestamp } from "./local-timestamp.ts";

describe("a local timestamp", () => {
  it("has the digits of the local time, to the microsecond", () => {
    const wallMs = new Date(2022, 9, 4, 1, 6, 3).getTime() + 78.5;
    expect(localTimestamp(wallMs)).toBe("2022-10-04 01:06:03.078500");
  });
});
