import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { waitFor } from "../base/wait.ts";
import { FakeGcs } from "./fixtures/fake-gcs.ts";
import { gone, startTestNode, waitGone } from "./fixtures/test-node.ts";
import { listLocalNodes } from "./processes/local-nodes.ts";

const bound = (what: string, timeoutMs = 10_000): { what: string; timeoutMs: number } => ({ what, timeoutMs });

describe("a node", () => {
  it("registers with what it is, beats, and answers its health endpoint", async () => {
    const { gcs, node, dir } = await startTestNode({ labels: "zone=a", resources: { SSD: 1 }, nodeName: "box" });
    expect(gcs.registrations[0]).toMatchObject({
      nodeId: node.nodeId,
      ip: "127.0.0.1",
      name: "box",
      isHead: false,
      resources: { CPU: 4, SSD: 1 },
      labels: { zone: "a" },
      inventory: [],
      routingVersion: 0,
    });
    await waitFor(() => gcs.heartbeats > 0, bound("a heartbeat"));
    const { agentPort } = await node.ready;
    const health = await fetch(`http://127.0.0.1:${agentPort}/api/local_raylet_healthz`);
    expect(await health.text()).toBe("success");
    expect(listLocalNodes(dir)).toMatchObject([{ nodeId: node.nodeId, pid: node.pid, alive: true, head: false }]);
  });

  it("refuses to start on a taken port, and says which option", async () => {
    const first = await startTestNode();
    const { agentPort } = await first.node.ready;
    const second = startTestNode({ dashboardAgentListenPort: agentPort }, { token: first.token, gcs: first.gcs });
    await expect(second).rejects.toThrow(/--dashboard-agent-listen-port must be free/);
  });

  it("keeps routing on disk and takes only what is newer", async () => {
    const { gcs, node } = await startTestNode();
    const file = join(node.options.sessionDir, node.nodeId.slice(0, 8), "routing.json");
    const http = { requestTimeoutMs: null, keepAliveTimeoutMs: 1, rootPath: "" };
    await gcs.agent(node.nodeId).putRouting({ epoch: 1, snapshot: { version: 2, http, routes: [], deployments: {} } });
    await gcs.agent(node.nodeId).putRouting({ epoch: 1, snapshot: { version: 1, http, routes: [], deployments: {} } });
    await waitFor(() => existsSync(file), bound("the file"));
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ version: 2 });
  });
});

describe("a node whose control store is away", () => {
  it("stays healthy, keeps its actors and registers them again when the control store comes back", async () => {
    const { gcs, node, token, startProbe, report, call } = await startTestNode();
    const actor = await startProbe();
    const { pid } = await report(actor.actorId, "ready");
    const { port } = gcs;
    await gcs.close();
    const { agentPort } = await node.ready;
    expect((await fetch(`http://127.0.0.1:${agentPort}/api/healthz`)).status).toBe(200);
    expect(await call(actor.actorId, "pid")).toBe(pid);
    const second = await FakeGcs.start(token, port);
    await waitFor(() => second.registrations.length > 0, bound("the registration"));
    expect(second.registrations[0]?.inventory).toMatchObject([
      { actorId: actor.actorId, pid, state: "ALIVE", restarts: 0 },
    ]);
    second.unwanted = [actor.actorId];
    await second.close();
    const third = await FakeGcs.start(token, port);
    third.unwanted = [actor.actorId];
    await waitGone([pid], 10_000);
    await third.close();
  });

  it("keeps the report of an exit until the control store is back", async () => {
    const { gcs, token, startProbe, report } = await startTestNode();
    const actor = await startProbe();
    const { pid } = await report(actor.actorId, "ready");
    const { port } = gcs;
    await gcs.close();
    process.kill(pid, "SIGKILL");
    await waitGone([pid], 5_000);
    const second = await FakeGcs.start(token, port);
    await waitFor(() => second.reports.length > 0, bound("the report"));
    expect(second.registrations[0]?.inventory).toEqual([]);
    // With the registration already: or the control store would find the actor gone and not know why.
    expect(second.registrations[0]?.exits).toMatchObject([{ actorId: actor.actorId, cause: { signal: "SIGKILL" } }]);
    expect(second.reports[0]).toMatchObject({
      kind: "exited",
      actorId: actor.actorId,
      cause: { kind: "CRASHED", signal: "SIGKILL" },
    });
    await second.close();
  });

  it("restarts what may restart while the control store is away, and says so when it is back", async () => {
    const { gcs, node, token, startProbe, report } = await startTestNode();
    const [lasting, once] = [await startProbe({ localRepair: true }), await startProbe()];
    const before = await report(lasting.actorId, "ready");
    const pids = [before.pid, (await report(once.actorId, "ready")).pid];
    const { port } = gcs;
    await gcs.close();
    for (const pid of pids) process.kill(pid, "SIGKILL");
    await waitGone(pids, 5_000);
    const log = join(node.logsDir, "agent.err");
    await waitFor(() => readFileSync(log, "utf8").includes("restarting an actor in place"), bound("the restart"));
    const second = await FakeGcs.start(token, port);
    await waitFor(() => second.registrations.length > 0, bound("the registration"));
    expect(second.registrations[0]?.inventory).toMatchObject([{ actorId: lasting.actorId, restarts: 1 }]);
    const exits = second.registrations[0]?.exits.map(({ actorId, repaired }) => [actorId, repaired]);
    expect(exits).toHaveLength(2);
    expect(exits).toEqual(
      expect.arrayContaining([
        [lasting.actorId, true],
        [once.actorId, false],
      ]),
    );
    // Whoever had a link to it finds it where it was.
    const isReady = () => second.reports.find(({ kind, actorId }) => kind === "ready" && actorId === lasting.actorId);
    const inventory = second.registrations[0]?.inventory[0];
    const addresses = inventory?.addresses ?? (await waitFor(isReady, bound("the next life")));
    expect(JSON.stringify(addresses)).toContain(before.addresses.unix);
    expect(JSON.stringify(addresses)).toContain(before.addresses.tcp);
    await second.close();
  });
});

describe("the end of a node", () => {
  it("stops in order on SIGTERM: says farewell, leaves no process and no file that names it", async () => {
    const { gcs, node, dir, startProbe, report, call } = await startTestNode({ cleanSession: true });
    const actor = await startProbe();
    const { pid } = await report(actor.actorId, "ready");
    const slow = call(actor.actorId, "slow", 400);
    const child = (await call(actor.actorId, "addChild")) as number;
    const groups = listLocalNodes(dir).flatMap((found) => found.groups.map((group) => group.pid));
    node.kill("SIGTERM");
    expect(await slow).toBe("done");
    expect(await node.exited).toEqual({ exitCode: 0, signal: null });
    expect(gcs.farewells).toEqual(["SIGTERM"]);
    expect([...groups, pid, child].filter((one) => !gone(one))).toEqual([]);
    expect(listLocalNodes(dir)).toEqual([]);
    expect(readdirSync(join(dir, "s"))).toEqual([]);
    expect(existsSync(join(node.options.sessionDir, node.nodeId.slice(0, 8)))).toBe(false);
  });

  it("is quick on a second signal", async () => {
    const { node, startProbe, report, call } = await startTestNode();
    const actor = await startProbe({ stopGraceMs: 60_000 });
    const { pid } = await report(actor.actorId, "ready");
    call(actor.actorId, "slow", 60_000).catch(() => undefined);
    await call(actor.actorId, "echo");
    // In this order also where the kernel delivers both at once: the lower number first.
    node.kill("SIGINT");
    node.kill("SIGTERM");
    const startMs = performance.now();
    expect(await node.exited).toEqual({ exitCode: 143, signal: null });
    // Not the minute of grace that the actor has.
    expect(performance.now() - startMs).toBeLessThan(10_000);
    expect(gone(pid)).toBe(true);
  });

  it("takes every process along when the agent is killed", async () => {
    const { node, dir, startProbe, report, call } = await startTestNode();
    const actor = await startProbe();
    const { pid } = await report(actor.actorId, "ready");
    const child = (await call(actor.actorId, "addChild")) as number;
    const groups = listLocalNodes(dir).flatMap((found) => found.groups.map((group) => group.pid));
    expect(groups).toContain(pid);
    node.kill("SIGKILL");
    await waitGone([...groups, child], 6_000);
  });

  it("leaves no stopped or blocked worker behind either", async () => {
    const { node, startProbe, report, call } = await startTestNode({ idleWorkers: 0 });
    const [stopped, blocked] = [await startProbe(), await startProbe()];
    const pids = [(await report(stopped.actorId, "ready")).pid, (await report(blocked.actorId, "ready")).pid];
    const child = (await call(blocked.actorId, "addChild")) as number;
    process.kill(pids[0] ?? 0, "SIGSTOP");
    await call(blocked.actorId, "block");
    node.kill("SIGKILL");
    expect(await waitGone([...pids, child], 8_000)).toBe(true);
  });

  it("lets a node that died be swept by the next one, blocked and stopped workers too", async () => {
    const first = await startTestNode();
    const actor = await first.startProbe();
    const { pid } = await first.report(actor.actorId, "ready");
    process.kill(pid, "SIGSTOP");
    first.node.kill("SIGKILL");
    await first.node.exited;
    expect(gone(pid)).toBe(false);
    const second = await startTestNode({}, { dir: first.dir, token: first.token, gcs: first.gcs });
    await waitGone([pid], 1_000);
    expect(listLocalNodes(first.dir).map((found) => found.nodeId)).toEqual([second.node.nodeId]);
  });
});
