import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clusterProcesses } from "@manta/testkit";
import { waitFor } from "mantaray/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { root } from "./docs-blocks.ts";
import { type RunningProcess, start } from "./run-process.ts";

let folder: string;
let run: RunningProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "manta-run-"));
});
afterEach(async () => {
  await run?.end("SIGINT");
  rmSync(folder, { recursive: true, force: true });
});

const manta = (...args: readonly string[]): RunningProcess => {
  const env = { ...process.env, MANTA_TEMP_DIR: join(folder, "temp"), RAY_AUTH_TOKEN_PATH: join(folder, "token") };
  run = start(process.execPath, [`${root}packages/mantaray/bin/manta.js`, "run", ...args], { cwd: root, env });
  return run;
};

const nothingIsLeft = async (): Promise<void> => {
  const temp = join(folder, "temp");
  const left = (): string[] => clusterProcesses(temp).map(({ pid, title }) => `${pid} ${title}`);
  await waitFor(() => left().length === 0, { timeoutMs: 5_000, what: "the end of every process" });
  // What makes the next start faster stays.
  const kept = new Set(["compile-cache", "nodes", "s"]);
  expect(existsSync(temp) ? readdirSync(temp).filter((name) => !kept.has(name)) : []).toEqual([]);
};

const post = async (body: string): Promise<string> =>
  await (await fetch("http://127.0.0.1:8000/fruit/", { method: "POST", body })).text();

describe("manta run", () => {
  it.each([300, 600, 900, 1_300, 1_800, 2_500])("interrupted after %i ms leaves nothing, soon", async (delayMs) => {
    manta("examples/fruit/serve.yaml", "--workers", "2");
    // A moment in the middle of its start, whatever it is doing then: the one thing here that no condition names.
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    const endedMs = performance.now();
    await run?.end("SIGINT");
    expect(performance.now() - endedMs).toBeLessThan(10_000);
    await nothingIsLeft();
  });

  it("serves a RayService manifest, and ends in order", async () => {
    const service = manta("examples/fruit/rayservice.yaml");
    await service.until(/Ready in/, 60_000);
    expect(service.output()).toMatch(/worker-1 .*\n.*worker-2 /);
    expect(service.output()).toContain("FruitMarket 2, MangoStand 2, OrangeStand 2, PearStand 2");
    expect([await post('["PEAR", 12]'), await post('["MANGO", 2]'), await post('["KIWI", 2]')]).toEqual([
      "12",
      "6",
      "-1",
    ]);
    expect(await service.end("SIGINT")).toBe(0);
    await nothingIsLeft();
  });

  it("takes a builder's arguments, and takes everything with it when it is killed", async () => {
    const built = manta("examples/sleepy-pid/sleepy_pid.ts:build", "delay_s=0");
    await built.until(/Ready in/, 60_000);
    expect(Number(await (await fetch("http://127.0.0.1:8000/")).text())).toBeGreaterThan(0);
    await built.end("SIGKILL");
    const temp = join(folder, "temp");
    await waitFor(() => clusterProcesses(temp).length === 0, { timeoutMs: 20_000, what: "the end of every process" });
    await expect(fetch("http://127.0.0.1:8000/")).rejects.toThrow("fetch failed");
  });
});
