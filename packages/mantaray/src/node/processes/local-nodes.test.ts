import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { newNodeId } from "../../base/ids.ts";
import { waitFor } from "../../base/wait.ts";
import { tempDir } from "../fixtures/temp-dir.ts";
import { makeNodeDirs, nodePaths } from "../node-paths.ts";
import { listLocalNodes, stopLocalNode, sweepOrphans } from "./local-nodes.ts";
import { type LocalNode, writePidFile } from "./pid-file.ts";
import { bootId, readProcessStat } from "./proc-stat.ts";

/** A process group of its own: a shell and its child. */
const startGroup = async (
  script = "sleep 1000 & wait",
): Promise<{ pid: number; startTicks: number; process: ChildProcess }> => {
  const child = spawn("sh", ["-c", script], { detached: true, stdio: "ignore" });
  const pid = child.pid ?? 0;
  onTestFinished(() => {
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // Ended, as it should.
    }
  });
  const stat = await waitFor(() => readProcessStat(pid), { timeoutMs: 5_000, what: "the process" });
  return { pid, startTicks: stat.startTicks, process: child };
};

const record = (dir: string, change: Partial<LocalNode>): LocalNode => {
  const nodeId = newNodeId();
  const paths = nodePaths(dir, join(dir, "session"), nodeId);
  makeNodeDirs(paths);
  const node: LocalNode = {
    nodeId,
    pid: 1,
    startTicks: -1,
    bootId: bootId(),
    ip: "127.0.0.1",
    head: false,
    address: "127.0.0.1:6379",
    sessionDir: paths.sessionDir,
    ports: { agent: 1, proxy: 0, gcs: null, dashboard: null },
    startMs: 0,
    groups: [],
    ...change,
  };
  writePidFile(paths.pidFile, node);
  return node;
};

const alive = (pid: number): boolean => {
  const stat = readProcessStat(pid);
  return stat !== undefined && stat.state !== "Z";
};

describe("sweepOrphans", () => {
  it("kills the recorded groups of a dead agent and forgets it", async () => {
    const dir = tempDir();
    const group = await startGroup();
    const node = record(dir, { groups: [{ ...group, name: "worker-1" }] });
    expect(listLocalNodes(dir)).toMatchObject([{ nodeId: node.nodeId, alive: false }]);
    expect(sweepOrphans(dir)).toBe(1);
    await waitFor(() => !alive(group.pid), { timeoutMs: 2_000, what: "the end of the orphan" });
    expect(listLocalNodes(dir)).toEqual([]);
    expect(existsSync(join(dir, "s", node.nodeId.slice(0, 8)))).toBe(false);
  });

  it("reaches descendants whose leader has ended", async () => {
    const dir = tempDir();
    const group = await startGroup("sleep 1000 & sleep 0.2");
    await waitFor(() => group.process.exitCode !== null, { timeoutMs: 5_000, what: "the end of the leader" });
    record(dir, { groups: [{ pid: group.pid, startTicks: group.startTicks, name: "worker-1" }] });
    expect(sweepOrphans(dir)).toBe(1);
  });

  it("leaves a process alone that only got the same pid", async () => {
    const dir = tempDir();
    const group = await startGroup();
    record(dir, { groups: [{ pid: group.pid, startTicks: group.startTicks - 1, name: "worker-1" }] });
    expect(sweepOrphans(dir)).toBe(0);
    expect(alive(group.pid)).toBe(true);
  });

  it("believes no record of another boot", async () => {
    const dir = tempDir();
    const group = await startGroup();
    record(dir, { bootId: "another", groups: [{ ...group, name: "worker-1" }] });
    expect(sweepOrphans(dir)).toBe(0);
    expect(alive(group.pid)).toBe(true);
  });

  it("never touches a node whose agent runs", async () => {
    const dir = tempDir();
    const [agent, worker] = [await startGroup(), await startGroup()];
    record(dir, { pid: agent.pid, startTicks: agent.startTicks, groups: [{ ...worker, name: "worker-1" }] });
    expect(sweepOrphans(dir)).toBe(0);
    expect(alive(worker.pid)).toBe(true);
    expect(listLocalNodes(dir)).toMatchObject([{ alive: true }]);
  });
});

describe("stopLocalNode", () => {
  it.each([
    ["exec sleep 1000", false],
    ["trap '' TERM; while :; do sleep 1; done", false],
    ["exec sleep 1000", true],
  ])("ends the agent (%s, force: %s) and what it left", async (script, force) => {
    const dir = tempDir();
    const [agent, worker] = [await startGroup(script), await startGroup()];
    record(dir, { pid: agent.pid, startTicks: agent.startTicks, groups: [{ ...worker, name: "worker-1" }] });
    const [node] = listLocalNodes(dir);
    if (node === undefined) throw new Error("no node found");
    expect(await stopLocalNode(node, { tempDir: dir, graceMs: 300, force })).toBe("killed");
    await waitFor(() => !alive(agent.pid) && !alive(worker.pid), { timeoutMs: 2_000, what: "the end of the node" });
    expect(listLocalNodes(dir)).toEqual([]);
  });
});
