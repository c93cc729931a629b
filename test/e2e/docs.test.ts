import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseChaosOptions } from "../fault/options.ts";
import { docsBlocks, root } from "./docs-blocks.ts";
import { type RunningProcess, start } from "./run-process.ts";

const execute = promisify(execFile);
const blocks = docsBlocks();
const scripts = (JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { scripts: Record<string, string> })
  .scripts;

describe("the pages' commands", () => {
  let tempDir: string;
  let cluster: RunningProcess;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    tempDir = mkdtempSync(join(tmpdir(), "manta-docs-"));
    env = { ...process.env, MANTA_TEMP_DIR: tempDir, RAY_AUTH_TOKEN_PATH: join(tempDir, "token") };
    cluster = start("npm", ["start"], { cwd: root, env });
    await cluster.until(/Ready in/, 60_000);
  });
  afterAll(async () => {
    await cluster.end("SIGINT");
    rmSync(tempDir, { recursive: true, force: true });
  });

  it.each(
    blocks
      .filter((block) => block.language === "sh" && block.mark === "")
      .map((block) => [`${block.page}:${block.line}`, block.text]),
  )("%s", async (_where, text) => {
    const { stdout } = await execute("bash", ["-euo", "pipefail", "-c", text], { cwd: root, env, timeout: 60_000 });
    expect(stdout).not.toBe("");
  });

  it("answers the README's request as the README says", async () => {
    const response = await fetch("http://127.0.0.1:8000/fruit/", { method: "POST", body: '["PEAR", 12]' });
    expect(await response.text()).toBe("12");
  });
});

describe("the pages' other blocks", () => {
  it("name only npm scripts that exist", () => {
    const named = blocks
      .filter((block) => block.language === "sh")
      .flatMap((block) => [...block.text.matchAll(/npm (?:run )?(\w+)/g)].map((match) => match[1] ?? ""));
    expect(named.length).toBeGreaterThan(0);
    expect([...Object.keys(scripts), "ci"]).toEqual(expect.arrayContaining(named));
  });

  it("name options of the scoreboard that it takes: running it takes a quarter of an hour", () => {
    const lines = blocks.filter(({ mark }) => mark === "chaos").flatMap(({ text }) => text.trim().split("\n"));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      const args = /^npm run chaos -- (.+)$/.exec(line)?.[1]?.split(" ") ?? [];
      expect(() => parseChaosOptions(args, ["walk", "full"])).not.toThrow();
    }
  });

  it("are TypeScript that compiles", async () => {
    const folder = mkdtempSync(join(root, "test/snippets-"));
    try {
      blocks
        .filter((block) => block.language === "ts")
        .forEach((block, index) => writeFileSync(join(folder, `snippet-${index}.ts`), `${block.text}\nexport {};\n`));
      writeFileSync(
        join(folder, "tsconfig.json"),
        JSON.stringify({
          extends: "../../tsconfig.base.json",
          // The build bundles applications: they may use all of TypeScript.
          compilerOptions: { noEmit: true, noUnusedLocals: false, erasableSyntaxOnly: false },
          include: ["."],
        }),
      );
      const complaints = await execute("tsc", ["-p", folder], { cwd: root }).then(
        () => "",
        (error: { stdout: string }) => error.stdout,
      );
      expect(complaints).toBe("");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
