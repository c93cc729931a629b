import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import type { SoakResult } from "./testing/soak-main.ts";

const program = fileURLToPath(new URL("./testing/soak-main.ts", import.meta.url));

describe("the controller's memory", () => {
  it("is flat over 1,000 redeploys and 10,000 deaths of replicas", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", program]);
    const { redeploys, deaths, heapMb, violations } = JSON.parse(stdout) as SoakResult;
    expect({ redeploys, deaths, violations }).toEqual({ redeploys: 1_000, deaths: 10_000, violations: [] });
    // The first rounds warm up: code is compiled, tables get their size.
    const [warm = 0, ...rest] = heapMb.slice(2);
    expect(Math.max(...rest), `heap after each round, MB: ${heapMb.join(", ")}`).toBeLessThan(warm * 1.05);
  }, 300_000);
});
