import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freeSubnet } from "@manta/testkit";
import { type RedisServer, startRedis } from "@manta/testkit/redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { docsBlocks, root } from "./docs-blocks.ts";

const execute = promisify(execFile);

/** docs/redis.md with a real server in the place of redis.internal: its commands do what the page says. */
describe("docs/redis.md", () => {
  const blocks = docsBlocks().filter(({ page, mark }) => page === "docs/redis.md" && mark === "redis");
  let server: RedisServer;
  let tempDir: string;
  let subnet: string;
  beforeAll(async () => {
    server = await startRedis();
    tempDir = mkdtempSync(join(tmpdir(), "manta-redis-docs-"));
    subnet = await freeSubnet();
  });
  afterAll(async () => {
    await run("npx manta stop --force || true");
    await server.stop();
    rmSync(tempDir, { recursive: true, force: true });
  });

  const run = async (text: string): Promise<string> => {
    const script = text
      .replaceAll("redis.internal", server.host)
      .replaceAll("start --head", `start --head --node-ip-address ${subnet}.1 --dashboard-host ${subnet}.1`);
    const env = { ...process.env, MANTA_TEMP_DIR: tempDir, RAY_AUTH_TOKEN_PATH: join(tempDir, "token") };
    const { stdout } = await execute("bash", ["-euo", "pipefail", "-c", script], { cwd: root, env, timeout: 90_000 });
    return stdout;
  };

  it("lets the user of the page do everything that the page does, and leaves nothing", async () => {
    const [start = "", user = "", cleanUp = ""] = blocks.map(({ text }) => text);
    expect(await run(user)).toBe("OK\n");
    const started = await run(start);
    expect(started).toContain("Manta runtime started.");
    expect(started).toContain("Node status");
    expect(await server.command("HGET", "RAYblue@LEASE", "holder")).not.toBe("");
    const removed = await run(cleanUp);
    expect(removed).toContain(`Removed namespace "blue" in ${server.address}:`);
    expect(removed).toContain("RAYblue@NODE");
    expect(await server.command("DBSIZE")).toBe("0");
  });
});
