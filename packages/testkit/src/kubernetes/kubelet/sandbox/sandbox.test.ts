import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { isAlive } from "../../../processes.ts";
import { findSandboxPrograms } from "./bwrap-program.ts";
import { Sandbox } from "./sandbox.ts";

let etcFolder: string;
beforeAll(() => {
  etcFolder = mkdtempSync(join(tmpdir(), "manta-sandbox-"));
});
afterAll(() => rmSync(etcFolder, { recursive: true, force: true }));

const run = (script: string): Promise<Sandbox> =>
  Sandbox.start(findSandboxPrograms(), {
    argv: ["/bin/sh", "-c", script],
    env: {},
    workingDir: "/",
    hostname: "test",
    uid: 1000,
    gid: 1000,
    stdin: false,
    files: { imageBinds: [], mounts: [], etcFolder, privateFolders: [], readOnly: false },
  });

it("keeps what a program has said that ended before anybody listened", async () => {
  const sandbox = await run("echo out; echo err >&2; exit 3");
  await waitFor(() => !isAlive(sandbox.pid), { timeoutMs: 5_000, what: "its end" });
  // This process hears of it a moment later, and would drop the output then.
  await delay(100);
  const heard = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    sandbox[name].on("data", (chunk: Buffer) => (heard[name] += chunk.toString()));
  const ends = [once(sandbox.stdout, "end"), once(sandbox.stderr, "end")];
  sandbox.flow();
  expect(await sandbox.ended).toEqual({ exitCode: 3 });
  await Promise.all(ends);
  expect(heard).toEqual({ stdout: "out\n", stderr: "err\n" });
});
