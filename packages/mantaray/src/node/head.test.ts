import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { connect } from "../actor/index.ts";
import { waitFor } from "../base/wait.ts";
import { tempDir } from "./fixtures/temp-dir.ts";
import { waitGone } from "./fixtures/test-node.ts";
import { listLocalNodes, stopLocalNode } from "./processes/local-nodes.ts";
import { type NodeHandle, startNode } from "./spawn-node.ts";

const token = "head-test";

const startHead = async (dir: string): Promise<NodeHandle> => {
  const node = await startNode(
    { head: true, port: 0, dashboardPort: 0, dashboardAgentListenPort: 0, tempDir: dir, idleWorkers: 0 },
    { env: { ...process.env, RAY_AUTH_TOKEN: token } },
  );
  onTestFinished(async () => {
    for (const found of listLocalNodes(dir)) await stopLocalNode(found, { tempDir: dir, graceMs: 0, force: true });
  });
  await node.ready;
  return node;
};

const program = (dir: string, name: string): number => {
  const pid = listLocalNodes(dir)[0]?.groups.find((group) => group.name === name)?.pid;
  if (pid === undefined) throw new Error(`no ${name}`);
  return pid;
};

describe("a head", () => {
  it("carries a control store and an API server, and brings each back in place", async () => {
    const dir = tempDir();
    const node = await startHead(dir);
    const cluster = await connect({ env: { MANTA_TEMP_DIR: dir }, token });
    onTestFinished(() => void cluster.close());
    const isRegistered = async (): Promise<boolean> =>
      (await cluster.gcs.listNodes({}, { timeoutMs: 1_000 })).nodes.some(
        (found) => found.nodeId === node.nodeId && found.state === "ALIVE" && found.isHead,
      );
    expect(await isRegistered()).toBe(true);
    for (const name of ["gcs", "dashboard"]) {
      const pid = program(dir, name);
      process.kill(pid, "SIGKILL");
      await waitFor(() => program(dir, name) !== pid, { timeoutMs: 5_000, what: `a new ${name}` });
    }
    await waitFor(isRegistered, { timeoutMs: 10_000, what: "the registration at the new control store" });
    expect(program(dir, "gcs")).toBeGreaterThan(0);
  });

  it("replaces a control store and an API server that hang", { timeout: 60_000 }, async () => {
    const dir = tempDir();
    const { options } = await startHead(dir);
    const hung = ["gcs", "dashboard"].map((name) => ({ name, pid: program(dir, name) }));
    const url = `http://127.0.0.1:${options.dashboardPort}/api/gcs_healthz`;
    const serves = (): Promise<boolean> =>
      fetch(url).then(
        ({ ok }) => ok,
        () => false,
      );
    await waitFor(serves, { timeoutMs: 10_000, what: "the API server" });
    for (const { pid } of hung) process.kill(pid, "SIGSTOP");
    for (const { name, pid } of hung) {
      await waitFor(() => program(dir, name) !== pid, { timeoutMs: 30_000, what: `a new ${name}` });
    }
    expect(await waitFor(serves, { timeoutMs: 10_000, what: "the API server, again" })).toBe(true);
  });

  it("does not start where another head listens, and leaves that one alone", async () => {
    const [dir, otherDir] = [tempDir(), tempDir()];
    const first = await startHead(dir);
    const { gcsPort, dashboardPort } = first.options;
    for (const ports of [
      { port: gcsPort, dashboardPort: 0 },
      { port: 0, dashboardPort },
    ]) {
      const second = await startNode(
        { head: true, dashboardAgentListenPort: 0, tempDir: otherDir, idleWorkers: 0, ...ports },
        { env: { ...process.env, RAY_AUTH_TOKEN: token } },
      );
      await expect(second.ready).rejects.toMatchObject({ code: "already_exists" });
      expect(await second.exited).toEqual({ exitCode: 1, signal: null });
      expect(listLocalNodes(otherDir)).toEqual([]);
    }
    const cluster = await connect({ env: { MANTA_TEMP_DIR: dir }, token });
    onTestFinished(() => void cluster.close());
    const { nodes } = await cluster.gcs.listNodes({});
    expect(nodes.map(({ nodeId, state }) => [nodeId, state])).toEqual([[first.nodeId, "ALIVE"]]);
  });

  it("ends in order: API server, control store, and the word where it is", async () => {
    const dir = tempDir();
    const node = await startHead(dir);
    const pids = [program(dir, "gcs"), program(dir, "dashboard")];
    expect(existsSync(join(dir, "ray_current_cluster"))).toBe(true);
    node.kill("SIGTERM");
    expect(await node.exited).toEqual({ exitCode: 0, signal: null });
    await waitGone(pids, 1_000);
    expect(existsSync(join(dir, "ray_current_cluster"))).toBe(false);
  });
});
