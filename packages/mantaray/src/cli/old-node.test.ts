import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { version } from "../base/version.ts";
import { bin } from "./fixtures/run-manta.ts";

/** A Node of the system that is too old for us, where there is one. */
const oldNode = ["/usr/bin/node", "/usr/local/bin/node"].find(
  (path) =>
    existsSync(path) && Number(execFileSync(path, ["--version"], { encoding: "utf8" }).slice(1).split(".")[0]) < 22,
);

describe.skipIf(oldNode === undefined)("with a Node that is too old", () => {
  it("goes on with the one that the repository pins", () => {
    const { status, stdout } = spawnSync(oldNode ?? "", [bin, "--version"], { encoding: "utf8" });
    expect([status, stdout]).toEqual([0, `${version}\n`]);
  });

  it("passes exit codes on", () => {
    expect(spawnSync(oldNode ?? "", [bin, "nonsense"]).status).toBe(2);
  });

  it("says what it needs where nothing is pinned", () => {
    const dir = mkdtempSync(join(tmpdir(), "manta-old-"));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    mkdirSync(join(dir, "bin"));
    writeFileSync(join(dir, "package.json"), '{ "type": "module" }');
    cpSync(bin, join(dir, "bin", "manta.js"));
    const { status, stderr } = spawnSync(oldNode ?? "", [join(dir, "bin", "manta.js")], { encoding: "utf8" });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^manta needs Node 22\.19 or newer, and this is \d+\.\d+\.\d+ \(.*\)\n$/);
  });
});
