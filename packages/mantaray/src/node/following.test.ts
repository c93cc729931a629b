import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { newActorId, newNodeId } from "../base/ids.ts";
import { waitFor } from "../base/wait.ts";
import { agentService } from "../protocol/node.ts";
import { createClient, dial } from "../rpc/index.ts";
import { FakeGcs } from "./fixtures/fake-gcs.ts";
import { startTestNode, type TestNode } from "./fixtures/test-node.ts";

const within = (what: string, timeoutMs = 10_000): { what: string; timeoutMs: number } => ({ what, timeoutMs });

/** Each starts processes. */
const slow = { timeout: 60_000 };

const anotherGcs = async (token: string, epoch: number): Promise<FakeGcs> => {
  const gcs = await FakeGcs.start(token);
  gcs.epoch = epoch;
  onTestFinished(() => gcs.close());
  return gcs;
};

/** A client of the agent on a link of our own, as a control store that has just taken the lease opens one. */
const callAgent = async ({ gcs, token }: TestNode) => {
  const address = gcs.registrations[0]?.addresses.tcp ?? "";
  const link = await dial(address, { token, identity: { role: "gcs", id: "" } });
  onTestFinished(() => link.close());
  return createClient(link, agentService);
};

describe("orders", slow, () => {
  it("of an older epoch change nothing; a newer one is remembered", async () => {
    const test = await startTestNode();
    const agent = test.gcs.agent(test.node.nodeId);
    const stop = { actorId: newActorId(), graceMs: 0, force: true, reason: "" };
    await agent.stopActor({ epoch: 7, ...stop });
    const refused = { code: "stale_epoch", details: { newest: 7 } };
    await expect(agent.stopActor({ epoch: 6, ...stop })).rejects.toMatchObject(refused);
    await expect(agent.drain({ epoch: 6, reason: "", timeoutMs: 1_000 })).rejects.toMatchObject(refused);
    await expect(agent.actorsDown({ epoch: 6, actorIds: [] })).rejects.toMatchObject(refused);
    expect(await agent.actorsDown({ epoch: 7, actorIds: [] })).toEqual({});
  });

  it("are taken on the link of the registration only", async () => {
    const agent = await callAgent(await startTestNode());
    const order = agent.drain({ epoch: 9, reason: "", timeoutMs: 1_000 });
    await expect(order).rejects.toMatchObject({ code: "permission_denied" });
  });
});

describe("an agent", slow, () => {
  it("leaves its leader for a newer one that calls, at once, and not for an older one", async () => {
    const test = await startTestNode();
    const agent = await callAgent(test);
    const next = await anotherGcs(test.token, 5);
    await agent.followLeader({ epoch: 5, address: `tcp:${next.address}` });
    await waitFor(() => next.registrations.length === 1, within("the registration", 1_000));
    const former = agent.followLeader({ epoch: 4, address: `tcp:${test.gcs.address}` });
    await expect(former).rejects.toMatchObject({ code: "stale_epoch" });
    expect(test.gcs.registrations).toHaveLength(1);
  });

  it("goes from a standby to whom that names, and knows the cluster's addresses from then on", async () => {
    const test = await startTestNode();
    const leader = await anotherGcs(test.token, 3);
    const standby = await anotherGcs(test.token, 3);
    leader.gcsAddresses = [`tcp:${leader.address}`, `tcp:${standby.address}`];
    Object.assign(standby, { role: "standby", leader: `tcp:${leader.address}` });
    const second = await startTestNode({ addresses: [standby.address] }, { token: test.token });
    expect(standby.registrations).toEqual([]);
    expect(leader.registrations.map(({ nodeId }) => nodeId)).toContain(second.node.nodeId);
    const file = join(second.node.options.sessionDir, second.node.nodeId.slice(0, 8), "gcs-addresses");
    await waitFor(() => existsSync(file), within("the list"));
    const known = readFileSync(file, "utf8").trim().split(",");
    expect(known.slice(0, 2)).toEqual(leader.gcsAddresses);
  });

  it.each([
    ["says that it has lost its store", (gcs: FakeGcs) => Object.assign(gcs, { storeAvailable: false })],
    ["hangs", (gcs: FakeGcs) => Object.assign(gcs, { hung: new Promise(() => undefined) })],
  ])("finds the new leader when its own %s", async (_how, fail) => {
    const test = await startTestNode();
    const next = await anotherGcs(test.token, 2);
    next.role = "standby";
    test.gcs.gcsAddresses = [`tcp:${test.gcs.address}`, `tcp:${next.address}`];
    await waitFor(() => test.gcs.heartbeats > 1, within("heartbeats"));
    fail(test.gcs);
    await waitFor(() => test.gcs.registrations.length === 1, within("no move without a newer leader"));
    next.role = "leader";
    expect(await waitFor(() => next.registrations.length === 1, within("the registration", 6_000))).toBe(true);
  });

  it("ends when nobody leads for longer than the operator allows, and only then", async () => {
    const { gcs, node } = await startTestNode({}, { env: { RAY_gcs_rpc_server_reconnect_timeout_s: "1" } });
    await gcs.close();
    expect(await node.exited).toMatchObject({ exitCode: 1 });
  });
});

describe("a node that leaves", slow, () => {
  it("as it is told to: says so, waits for nothing when it has nothing, and says farewell", async () => {
    const { gcs, node } = await startTestNode();
    gcs.others = [{ nodeId: newNodeId(), state: "ALIVE", draining: false }];
    const { agentPort } = await node.ready;
    const agent = gcs.agent(node.nodeId);
    await agent.drain({ epoch: 1, reason: "scaled down", timeoutMs: 60_000 });
    await waitFor(() => gcs.drains.length > 0, within("the word"));
    expect(gcs.drains[0]?.reason).toBe("scaled down");
    await node.exited;
    expect(gcs.farewells).toEqual(["scaled down"]);
    await expect(fetch(`http://127.0.0.1:${agentPort}/api/healthz`)).rejects.toThrow(/fetch failed/);
  });
});
