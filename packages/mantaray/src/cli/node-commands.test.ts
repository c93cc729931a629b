import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { waitFor } from "../base/wait.ts";
import { listLocalNodes, stopLocalNode } from "../node/index.ts";
import { bin, type CommandResult, runManta } from "./fixtures/run-manta.ts";

/** A folder and loopback addresses of this test's own; whatever still runs there afterwards is ended. */
const ground = () => {
  const tempDir = mkdtempSync(join(tmpdir(), "mc-"));
  const subnet = `127.${randomInt(16, 250)}.${randomInt(1, 250)}`;
  const env = { MANTA_TEMP_DIR: tempDir, RAY_AUTH_TOKEN: randomBytes(8).toString("hex") };
  onTestFinished(async () => {
    for (const node of listLocalNodes(tempDir)) await stopLocalNode(node, { tempDir, graceMs: 0, force: true });
    rmSync(tempDir, { recursive: true, force: true, maxRetries: 5 });
  });
  const headArgs = [
    "start",
    "--head",
    "--node-ip-address",
    `${subnet}.1`,
    "--dashboard-host",
    `${subnet}.1`,
    "--num-cpus",
    "0",
  ];
  const manta = (args: readonly string[]): Promise<CommandResult> =>
    runManta(args, { env: { ...env, RAY_API_SERVER_ADDRESS: `${subnet}.1:8265` } });
  return { tempDir, subnet, env, headArgs, manta };
};

const alivePids = (tempDir: string): number[] =>
  listLocalNodes(tempDir).flatMap((node) => (node.alive ? [node.pid] : []));

const blocked = (args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess =>
  spawn(process.execPath, [bin, ...args, "--block"], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });

// Real nodes on a machine that other tests share.
const slow = { timeout: 90_000 };

describe("start and stop", slow, () => {
  it("make a cluster of a head and a worker, and end all of it", async () => {
    const { tempDir, subnet, headArgs, manta } = ground();
    const head = await manta(headArgs);
    expect(head.stderr).toBe("");
    expect(head.code).toBe(0);
    expect(head.stdout).toContain(
      `Local node IP: ${subnet}.1\n\n----------------------\nManta runtime started.\n----------------------\n`,
    );
    expect(head.stdout).toContain(`manta start --address='${subnet}.1:6379'`);
    // Not in what may be a log.
    expect(head.stdout).not.toContain("token=");
    const joining = ["start", "--address", `${subnet}.1:6379`, "--node-ip-address", `${subnet}.2`, "--num-cpus=3"];
    const worker = await manta([...joining, "--metrics-export-port=8080", "--disable-usage-stats"]);
    expect(worker.code).toBe(0);
    expect(worker.stderr).toBe("manta: without effect here: --metrics-export-port, --disable-usage-stats\n");
    expect((await manta(["health-check"])).code).toBe(0);
    expect((await manta(["status"])).stdout).toContain("0.0/3.0 CPU");
    const nodes = await waitFor(
      async () => {
        const { code, stdout } = await manta(["list", "nodes", "--format", "json"]);
        return code === 0 && (JSON.parse(stdout) as { node_ip: string; is_head_node: boolean }[]);
      },
      { timeoutMs: 10_000, what: "an answer of the API server" },
    );
    expect(Object.fromEntries(nodes.map((node) => [node.node_ip, node.is_head_node]))).toEqual({
      [`${subnet}.1`]: true,
      [`${subnet}.2`]: false,
    });
    expect((await manta(["stop"])).stdout).toBe("Stopped all 2 Manta nodes.\n");
    expect(alivePids(tempDir)).toEqual([]);
    expect(existsSync(`${tempDir}/ray_current_cluster`)).toBe(false);
    expect((await manta(["stop"])).stdout).toBe("Did not find any active Manta nodes.\n");
    expect((await manta(["health-check"])).code).toBe(1);
  });

  it("refuse a second head at the same address", async () => {
    const { headArgs, manta } = ground();
    await manta(headArgs);
    const second = await manta(headArgs);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/^manta: somebody listens on [\d.]+:6379 already: [^\n]+--port\n$/);
  });

  it("kill at once with --force", async () => {
    const { tempDir, headArgs, manta } = ground();
    await manta(headArgs);
    expect((await manta(["stop", "--force"])).stdout).toContain("1 of them by force");
    expect(alivePids(tempDir)).toEqual([]);
  });
});

describe("start --block", slow, () => {
  it("stays, and ends the node in order on SIGTERM", async () => {
    const { tempDir, env, headArgs } = ground();
    const child = blocked(headArgs, env);
    await waitFor(() => alivePids(tempDir).length === 1, { timeoutMs: 15_000, what: "the node's start" });
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number | null];
    expect(code).toBe(0);
    expect(alivePids(tempDir)).toEqual([]);
  });

  it("exits with 1 when the node dies", async () => {
    const { tempDir, env, headArgs, manta } = ground();
    const child = blocked(headArgs, env);
    const exited = once(child, "exit") as Promise<[number | null]>;
    await waitFor(async () => (await manta(["health-check"])).code === 0, {
      timeoutMs: 15_000,
      what: "the node's start",
    });
    for (const pid of alivePids(tempDir)) process.kill(pid, "SIGKILL");
    expect((await exited)[0]).toBe(1);
  });
});
