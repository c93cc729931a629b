import { describe, expect, it } from "vitest";
import { MantaError } from "../../base/errors.ts";
import { BackPressureError, RequestCancelledError } from "./errors.ts";

describe("error classes", () => {
  it("match by code, so that an error from another process is recognised", () => {
    const error: unknown = MantaError.fromWire({ code: "queue_full", message: "full" });
    expect(error instanceof BackPressureError).toBe(true);
    expect(error instanceof RequestCancelledError).toBe(false);
    expect(new Error("x") instanceof BackPressureError).toBe(false);
  });
});
