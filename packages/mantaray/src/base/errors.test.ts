import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { errorCodes } from "./error-codes.ts";
import { MantaError } from "./errors.ts";

describe("MantaError", () => {
  it("shows its code first and keeps the cause", () => {
    const cause = new Error("disk full");
    const error = new MantaError("internal", "could not write", { cause });
    expect(error.message).toBe("[internal] could not write");
    expect(error.cause).toBe(cause);
  });

  it("crosses a wire with code, details and the remote stack", () => {
    const error = MantaError.from(new TypeError("boom"), "user_error");
    const copy = MantaError.fromWire(JSON.parse(JSON.stringify(error.toWire())));
    expect(copy).toMatchObject({ code: "user_error", rawMessage: "boom", remote: { name: "TypeError" } });
    expect(copy.remote?.stack).toContain("errors.test.ts");
  });

  it("takes an abort for a cancellation", () => {
    expect(MantaError.from(AbortSignal.abort().reason).code).toBe("canceled");
  });

  it("turns an unknown code of a newer peer into internal", () => {
    expect(MantaError.fromWire({ code: "from_the_future" as "internal", message: "?" }).code).toBe("internal");
  });
});

describe("the table of codes", () => {
  it("is the one that docs/errors.md lists", () => {
    const page = readFileSync(new URL("../../../../docs/errors.md", import.meta.url), "utf8");
    const listed = [...page.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]);
    expect(listed).toEqual(Object.keys(errorCodes));
  });
});
