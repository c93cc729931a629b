import { describe, expect, it } from "vitest";
import { actorRecord, nodeRecord } from "../actor/fixtures/fake-cluster.ts";
import type { NodeId } from "../base/ids.ts";
import { startTestDashboard } from "./fixtures/test-dashboard.ts";

const fill = async () => {
  const dashboard = await startTestDashboard();
  const head = nodeRecord({ isHead: true, ip: "127.0.0.1", resources: { CPU: 0 } });
  const busy = nodeRecord({ ip: "127.0.0.2" });
  const idle = nodeRecord({ ip: "127.0.0.3" });
  const gone = nodeRecord({ ip: "127.0.0.4", state: "DEAD" });
  const placement = { group: "app#stand", groupPerNodeMax: 2 };
  const replica = { className: "ServeReplica:stand", resources: { CPU: 1 }, placement };
  const waits = { state: "PENDING_CREATION", nodeId: null } as const;
  const proxy = { className: "HTTPProxyActor", entry: { module: "serve-proxy", args: {} } };
  dashboard.fake.nodes = [head, busy, idle, gone];
  dashboard.fake.usage = { [busy.nodeId]: { CPU: 1 } };
  dashboard.fake.actors = [
    actorRecord(replica, { nodeId: busy.nodeId }),
    actorRecord(proxy, { nodeId: busy.nodeId }),
    actorRecord(proxy, { nodeId: idle.nodeId }),
    actorRecord(replica, { nodeId: idle.nodeId, state: "DEAD" }),
    actorRecord(replica, waits),
    actorRecord(replica, waits),
    actorRecord({ className: "Other", resources: { GPU: 1 } }, { ...waits, state: "RESTARTING" }),
    actorRecord({ ...proxy, placement: { nodeId: idle.nodeId } }, waits),
    actorRecord({ className: "ServeController", placement: { onHead: true } }, waits),
  ];
  return { dashboard, head, busy, idle, gone };
};

const drain = (id: NodeId, more: object = {}) =>
  [
    `/api/v0/nodes/${id}/drain`,
    { method: "PUT", body: JSON.stringify({ reason: "idle", timeout_s: 20, ...more }) },
  ] as const;

describe("the load of a cluster", () => {
  it("tells what each living node does, proxies left out", async () => {
    const { dashboard, head, busy, idle, gone } = await fill();
    const answer = (await dashboard.json("/api/cluster_status")) as {
      data: { clusterStatus: { nodes: readonly object[] } };
    };
    expect(answer.data.clusterStatus.nodes).toMatchObject([
      { nodeId: head.nodeId, isHead: true, actors: 0, resources: { CPU: 0 } },
      { nodeId: busy.nodeId, actors: 1, used: { CPU: 1 }, groups: { "app#stand": 1 }, draining: false },
      { nodeId: idle.nodeId, ip: "127.0.0.3", name: "host-1", actors: 0, used: {}, groups: {} },
      { nodeId: gone.nodeId, state: "DEAD" },
    ]);
  });

  it("counts what waits for any node; another node helps nothing that is bound to one", async () => {
    const { dashboard } = await fill();
    expect(await dashboard.json("/api/cluster_status")).toMatchObject({
      data: {
        clusterStatus: {
          demands: [
            { resources: { CPU: 1 }, group: "app#stand", groupPerNodeMax: 2, count: 2 },
            { resources: { GPU: 1 }, count: 1 },
          ],
        },
      },
    });
  });
});

describe("PUT /api/v0/nodes/{id}/drain", () => {
  it("drains an idle node", async () => {
    const { dashboard, idle } = await fill();
    const answer = await dashboard.ask(...drain(idle.nodeId, { only_if_idle: true }));
    expect(answer.status).toBe(200);
    expect(dashboard.fake.drains).toEqual([{ nodeId: idle.nodeId, reason: "idle", timeoutMs: 20_000 }]);
  });

  it("refuses one that is not idle only where that was asked", async () => {
    const { dashboard, busy } = await fill();
    const answer = await dashboard.ask(...drain(busy.nodeId, { only_if_idle: true }));
    expect(answer).toMatchObject({ status: 409, text: expect.stringContaining("1 actors live there") as unknown });
    expect(dashboard.fake.drains).toEqual([]);
    expect((await dashboard.ask(...drain(busy.nodeId))).status).toBe(200);
  });

  it("refuses unknown nodes, dead ones and bad orders", async () => {
    const { dashboard, gone, idle } = await fill();
    expect((await dashboard.ask(...drain(gone.nodeId))).status).toBe(404);
    expect(await dashboard.ask(...drain(idle.nodeId, { timeout_s: 0 }))).toMatchObject({
      status: 400,
      text: expect.stringContaining("timeout_s") as unknown,
    });
    expect((await dashboard.ask(drain(idle.nodeId)[0], { method: "PUT", body: "x" })).status).toBe(400);
  });
});
