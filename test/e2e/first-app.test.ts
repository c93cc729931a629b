import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { docsBlocks, root } from "./docs-blocks.ts";
import { type RunningProcess, start } from "./run-process.ts";

let folder: string;
let run: RunningProcess;
const source = docsBlocks().find((block) => block.mark === "app")?.text ?? "";
const url = "http://127.0.0.1:8000/";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "manta-first-"));
  writeFileSync(join(folder, "hello.ts"), source);
  const env = { ...process.env, MANTA_TEMP_DIR: join(folder, "temp"), RAY_AUTH_TOKEN_PATH: join(folder, "token") };
  run = start(process.execPath, [`${root}packages/mantaray/bin/manta.js`, "run", "hello.ts", "--reload"], {
    cwd: folder,
    env,
  });
  await run.until(/Ready in/, 60_000);
});
afterAll(async () => {
  await run.end("SIGINT");
  rmSync(folder, { recursive: true, force: true });
});

it("serves the README's first app, whose counter is one process for all", async () => {
  expect(await (await fetch(`${url}?name=Ada`)).text()).toBe("Hello, Ada! You are number 1.\n");
  expect(await (await fetch(url)).text()).toBe("Hello, world! You are number 2.\n");
});

it("follows a change of the file, and keeps serving through a broken one", async () => {
  writeFileSync(join(folder, "hello.ts"), source.replace("Hello, ${name}", "Good day, ${name}"));
  await waitFor(async () => (await (await fetch(url)).text()).startsWith("Good day, world!"), {
    timeoutMs: 20_000,
    what: "the new version",
  });
  writeFileSync(join(folder, "hello.ts"), "export default nonsense nonsense;");
  await run.until(/the old version goes on/, 20_000);
  expect((await fetch(url)).status).toBe(200);
});
