import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { kubectlPrograms } from "../kubectl.ts";
import { readTarFile } from "./read-tar-file.ts";
import { runProgram } from "./run-program.ts";

describe("kubectl and helm", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "manta-programs-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("are those that the environment names", async () => {
    const own = { MANTA_KUBECTL: "/own/kubectl", MANTA_HELM: "/own/helm" };
    expect(await kubectlPrograms(own)).toEqual({ kubectl: "/own/kubectl", helm: "/own/helm" });
  });

  it("are real programs otherwise, once whoever asks first has fetched them", { timeout: 300_000 }, async () => {
    const { kubectl, helm } = await kubectlPrograms({});
    const version = await runProgram(kubectl, ["version", "--client", "-o", "json"], process.env);
    expect(JSON.parse(version.stdout)).toMatchObject({ clientVersion: { major: "1", minor: "34" } });
    const said = await runProgram(helm, ["version", "--short"], { ...process.env, HOME: folder });
    expect(said.stdout).toMatch(/^v4\./);
  });

  it("that take too long are killed, and what they said is told", async () => {
    const run = runProgram("sh", ["-c", "echo begun; exec sleep 60"], process.env, { timeoutMs: 200 });
    await expect(run).rejects.toThrow(/took more than 200 ms; so far: begun/);
  });
});

describe("reading a tar archive", () => {
  it("says which file it looked for in vain", () => {
    expect(() => readTarFile(Buffer.alloc(1_024), "package/x")).toThrow("the archive has no package/x");
  });
});
