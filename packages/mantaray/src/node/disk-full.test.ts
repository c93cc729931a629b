import { spawnSync } from "node:child_process";
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { waitFor } from "../base/wait.ts";
import { tempDir } from "./fixtures/temp-dir.ts";
import { startTestNode } from "./fixtures/test-node.ts";

const megabytes = 8;

/** A small file system of its own; undefined where this user may not mount one. */
const smallDisk = (): string | undefined => {
  const dir = tempDir();
  const options = ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", dir];
  if (spawnSync("mount", options).status !== 0) return undefined;
  onTestFinished(() => void spawnSync("umount", ["-l", dir]));
  return dir;
};

const fill = (path: string): void => {
  for (let bytes = megabytes * 1024 * 1024; bytes >= 1; bytes = Math.floor(bytes / 2)) {
    try {
      writeFileSync(path, Buffer.alloc(bytes), { flag: "a" });
    } catch {
      // Half of it may fit.
    }
  }
};

describe("a node whose disk is full", { timeout: 90_000 }, () => {
  it("serves on, starts actors again, takes routing, and says later what it could not write", async ({
    skip,
  }): Promise<void> => {
    const dir = smallDisk();
    if (dir === undefined) return skip("mounting a file system is not allowed here");
    const { gcs, node, startProbe, report, call } = await startTestNode({}, { dir });
    const actor = await startProbe();
    const { pid } = await report(actor.actorId, "ready");
    const ballast = join(dir, "ballast");
    fill(ballast);
    expect(statfsSync(dir).bavail).toBe(0);
    const agent = gcs.agent(node.nodeId);
    const http = { requestTimeoutMs: null, keepAliveTimeoutMs: 1, rootPath: "" };
    await agent.putRouting({ epoch: 1, snapshot: { version: 5, http, routes: [], deployments: {} } });
    process.kill(pid, "SIGKILL");
    await report(actor.actorId, "exited");
    gcs.reports.length = 0;
    await agent.startActor({ epoch: 1, actor: { ...actor, restarts: 1 } });
    const next = await report(actor.actorId, "ready");
    expect(await call(actor.actorId, "pid")).toBe(next.pid);
    const { agentPort } = await node.ready;
    expect((await fetch(`http://127.0.0.1:${agentPort}/api/healthz`)).status).toBe(200);
    rmSync(ballast);
    await agent.putRouting({ epoch: 1, snapshot: { version: 6, http, routes: [], deployments: {} } });
    const beats = gcs.heartbeats;
    await waitFor(() => gcs.heartbeats > beats, { what: "a heartbeat", timeoutMs: 10_000 });
    expect((await agent.getRouting({})).snapshot?.version).toBe(6);
    node.kill("SIGINT");
    expect(await node.exited).toEqual({ exitCode: 0, signal: null });
  });
});
