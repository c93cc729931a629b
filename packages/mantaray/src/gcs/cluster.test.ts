import { hostname } from "node:os";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../base/clock.ts";
import { FakeClock } from "../base/fake-clock.ts";
import { serveJobId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import { silentLog } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import { waitFor } from "../base/wait.ts";
import type { ActorRecord, ActorSpecInput } from "../protocol/actor.ts";
import { gcsService } from "../protocol/gcs.ts";
import { type Client, createClient, dial } from "../rpc/index.ts";
import { openMemoryStore } from "../store/index.ts";
import { sampleActor, sampleRouting } from "../store/sample-records.ts";
import { FakeAgent, type FakeAgentOptions } from "./fixtures/fake-agent.ts";
import { type RunningGcs, startGcs } from "./start-gcs.ts";

const token = "test-token";
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface Setup {
  readonly running: RunningGcs;
  readonly gcs: Client<typeof gcsService>;
  agent(options?: Partial<FakeAgentOptions>): Promise<FakeAgent>;
}

const setUp = async (clock = systemClock, store = openMemoryStore({ clock })): Promise<Setup> => {
  const common = { token, sessionName: "test", clock, random: systemRandom, log: silentLog };
  const running = await startGcs({ ...common, store: await store, address: "tcp:127.0.0.1:0" });
  cleanups.push(() => running.close());
  const link = await dial(running.address, { token, identity: { role: "client", id: "test" } });
  return {
    running,
    gcs: createClient(link, gcsService),
    agent: async (options = {}) => {
      const agent = await FakeAgent.start({ address: running.address, token, ...options });
      cleanups.push(() => agent.die());
      return agent;
    },
  };
};

const spec = (change: Partial<ActorSpecInput> = {}): ActorSpecInput => ({
  className: "Echo",
  jobId: serveJobId,
  entry: { module: "user-actor", args: {} },
  ...change,
});

const create = async ({ gcs }: Setup, change: Partial<ActorSpecInput> = {}): Promise<ActorRecord> =>
  (await gcs.createActor({ spec: spec(change) })).actor;

/** Waits until the actor is as wanted. */
const until = async (
  { gcs }: Setup,
  { actorId }: ActorRecord,
  isWanted: (record: ActorRecord) => boolean,
  what = "the state wanted",
): Promise<ActorRecord> =>
  waitFor(
    async () => {
      const { actors } = await gcs.listActors({ actorIds: [actorId] });
      return actors.find(isWanted);
    },
    { timeoutMs: 5_000, what },
  );

const isAlive = ({ state }: ActorRecord): boolean => state === "ALIVE";
const nodeState = async ({ gcs }: Setup, { nodeId }: FakeAgent): Promise<string | undefined> =>
  (await gcs.listNodes({})).nodes.find((node) => node.nodeId === nodeId)?.state;

describe("an actor", () => {
  it("pends with a reason until a node has room, then starts there and counts as use", async () => {
    const setup = await setUp();
    const actor = await create(setup, { resources: { CPU: 2 }, name: "a", namespace: "n" });
    expect(actor.state).toBe("PENDING_CREATION");
    await until(setup, actor, ({ pendingReason }) => pendingReason === "no node is alive");
    const small = await setup.agent({ resources: { CPU: 1 } });
    await until(
      setup,
      actor,
      ({ pendingReason }) => pendingReason === "no node has CPU: 2 free (127.0.0.1: CPU 1 of 1)",
    );
    expect((await setup.gcs.resourceUsage({})).pending).toEqual([{ CPU: 2 }]);
    const big = await setup.agent();
    const alive = await until(setup, actor, isAlive);
    expect(alive).toMatchObject({ nodeId: big.nodeId, restarts: 0, pendingReason: "" });
    expect(await setup.gcs.resourceUsage({})).toEqual({
      usage: { [small.nodeId]: { CPU: 0 }, [big.nodeId]: { CPU: 2 } },
      pending: [],
    });
  });

  it("has its name for itself while it lives; the name finds the live one, else the last dead", async () => {
    const setup = await setUp();
    const agent = await setup.agent();
    const named = { name: "one", namespace: "n" };
    const first = await create(setup, named);
    await expect(create(setup, named)).rejects.toMatchObject({ code: "already_exists" });
    await create(setup, { ...named, namespace: "other" });
    await until(setup, first, isAlive);
    await agent.exit(first.actorId);
    expect((await setup.gcs.getActor(named)).actor).toMatchObject({ actorId: first.actorId, state: "DEAD" });
    const second = await create(setup, named);
    expect((await setup.gcs.getActor(named)).actor.actorId).toBe(second.actorId);
    await expect(setup.gcs.getActor({ name: "none", namespace: "n" })).rejects.toMatchObject({ code: "not_found" });
  });

  it("that crashes restarts with its id as often as it may, then is dead with the cause", async () => {
    const setup = await setUp();
    const agent = await setup.agent();
    const actor = await create(setup, { maxRestarts: 1 });
    const first = await until(setup, actor, isAlive);
    await agent.exit(actor.actorId);
    const second = await until(setup, actor, isAlive);
    expect(second.restarts).toBe(1);
    expect(second.pid).not.toBe(first.pid);
    await agent.exit(actor.actorId, { kind: "OUT_OF_MEMORY", message: "too big" });
    const dead = await until(setup, actor, ({ state }) => state === "DEAD");
    expect(dead.deathCause).toEqual({ kind: "OUT_OF_MEMORY", message: "too big" });
    expect((await setup.gcs.listEvents({ limit: 10 })).events.map(({ kind }) => kind)).toEqual([
      "node_joined",
      "actor_restarting",
      "actor_restarted",
      "actor_died",
    ]);
  });

  it("to keep that is killed for good has a successor: two rows, one ALIVE, one DEAD", async () => {
    const setup = await setUp();
    const agent = await setup.agent({ isHead: true });
    const named = { name: "SERVE_CONTROLLER_ACTOR", namespace: "serve" };
    const actor = await create(setup, { ...named, keep: true, maxRestarts: -1, placement: { onHead: true } });
    await until(setup, actor, isAlive);
    await setup.gcs.killActor({ actorId: actor.actorId, noRestart: true, graceMs: 0, reason: "ray.kill" });
    const dead = await until(setup, actor, ({ state }) => state === "DEAD");
    expect(dead.deathCause).toMatchObject({ kind: "KILLED", message: "ray.kill" });
    expect(agent.stops).toEqual([{ actorId: actor.actorId, force: true }]);
    const { actor: successor } = await setup.gcs.getActor(named);
    expect(successor.actorId).not.toBe(actor.actorId);
    await until(setup, successor, isAlive);
    await setup.gcs.removeActor({ actorId: successor.actorId, graceMs: 100, reason: "shutdown" });
    await until(setup, successor, ({ state }) => state === "DEAD");
    const { actors } = await setup.gcs.listActors({ namespace: "serve" });
    expect(actors.map(({ state }) => state)).toEqual(["DEAD", "DEAD"]);
  });
});

describe("an actor that cannot go on where it is", () => {
  it("when killed with restart has the same id and a new pid", async () => {
    const setup = await setUp();
    await setup.agent();
    const actor = await create(setup, { maxRestarts: -1 });
    const { pid } = await until(setup, actor, isAlive);
    await setup.gcs.killActor({ actorId: actor.actorId, noRestart: false, graceMs: 0, reason: "test" });
    const back = await until(setup, actor, (record) => isAlive(record) && record.pid !== pid);
    expect(back.restarts).toBe(1);
    const unknown = { ...back, actorId: sampleActor().actorId };
    await expect(
      setup.gcs.killActor({ actorId: unknown.actorId, noRestart: true, graceMs: 0, reason: "" }),
    ).rejects.toMatchObject({ code: "not_found" });
  });

  it("because its node refuses it goes to another", async () => {
    const setup = await setUp();
    const unwilling = await setup.agent();
    unwilling.behaviour = "refuse";
    const actor = await create(setup);
    await until(setup, actor, ({ pendingReason }) => pendingReason.endsWith("refused it: no room"));
    const willing = await setup.agent();
    const alive = await until(setup, actor, isAlive);
    expect(alive).toMatchObject({ nodeId: willing.nodeId, restarts: 0 });
  });

  it("because its node is lost while it starts goes to another, as no restart", async () => {
    const setup = await setUp();
    const hanging = await setup.agent();
    hanging.behaviour = "hang";
    const actor = await create(setup);
    await waitFor(() => hanging.starts.length === 1, { timeoutMs: 5_000, what: "the order to start" });
    const other = await setup.agent();
    await hanging.die();
    const alive = await until(setup, actor, isAlive);
    expect(alive).toMatchObject({ nodeId: other.nodeId, restarts: 0 });
    expect(other.starts).toEqual([actor.actorId]);
  });
});

describe("a node", () => {
  it("that is lost is DEAD long before its heartbeat is missed, and its actors go on elsewhere, known down everywhere at once", async () => {
    const setup = await setUp();
    const lost = await setup.agent();
    const actor = await create(setup, { maxRestarts: -1 });
    await until(setup, actor, isAlive);
    const other = await setup.agent();
    const startMs = performance.now();
    await lost.die();
    await waitFor(async () => (await nodeState(setup, lost)) === "DEAD", {
      timeoutMs: 10_000,
      what: "the node's death",
    });
    expect(performance.now() - startMs).toBeLessThan(limits.heartbeatTimeoutMs / 2);
    const back = await until(setup, actor, isAlive);
    expect(back).toMatchObject({ nodeId: other.nodeId, restarts: 1 });
    await waitFor(() => other.down.has(actor.actorId), { timeoutMs: 1_000, what: "the push" });
  });

  it("that only lost its link for a moment keeps everything", async () => {
    const setup = await setUp();
    const agent = await setup.agent();
    const actor = await create(setup);
    const before = await until(setup, actor, isAlive);
    await agent.breakLink();
    expect(await nodeState(setup, agent)).toBe("ALIVE");
    expect((await setup.gcs.listActors({})).actors).toEqual([before]);
    expect(agent.starts).toEqual([actor.actorId]);
  });

  it("that comes back after it was declared dead is ALIVE, and what was replaced is unwanted", async () => {
    const clock = new FakeClock();
    const setup = await setUp(clock);
    const agent = await setup.agent();
    const replaced = await create(setup, { maxRestarts: -1 });
    const pinned = await create(setup, { maxRestarts: -1, placement: { nodeId: agent.nodeId } });
    await until(setup, replaced, isAlive);
    const before = await until(setup, pinned, isAlive);
    const other = await setup.agent();
    // Silent for too long; the link is fine.
    for (let waitedMs = 0; waitedMs <= limits.heartbeatTimeoutMs + 1_000; waitedMs += 250) {
      await clock.advance(250);
      await (await other.gcs()).heartbeat({ nodeId: other.nodeId });
    }
    await waitFor(() => agent.registrations === 2, { timeoutMs: 5_000, what: "the node to register again" });
    expect(await nodeState(setup, agent)).toBe("ALIVE");
    const moved = await until(setup, replaced, ({ state, nodeId }) => state === "ALIVE" && nodeId === other.nodeId);
    expect(moved.restarts).toBe(1);
    expect(agent.unwanted).toEqual([replaced.actorId]);
    expect(await until(setup, pinned, isAlive)).toMatchObject({ pid: before.pid, restarts: 1 });
    const messages = (await setup.gcs.listEvents({ limit: 100 })).events.map(({ message }) => message);
    expect(messages.some((message) => message.endsWith("is lost: no heartbeat for 15000 ms"))).toBe(true);
  });

  it("that leaves in order is DEAD at once, with its reason", async () => {
    const setup = await setUp();
    const agent = await setup.agent();
    await (await agent.gcs()).unregisterNode({ nodeId: agent.nodeId, reason: "drained" });
    const { nodes } = await setup.gcs.listNodes({});
    expect(nodes).toMatchObject([{ state: "DEAD", stateMessage: "drained" }]);
  });

  it("that is a new head ends the old one at once", async () => {
    const setup = await setUp();
    const old = await setup.agent({ isHead: true });
    const controller = await create(setup, { maxRestarts: -1, placement: { onHead: true } });
    await until(setup, controller, isAlive);
    await old.die();
    const head = await setup.agent({ isHead: true });
    expect(await nodeState(setup, old)).toBe("DEAD");
    const back = await until(setup, controller, isAlive);
    expect(back).toMatchObject({ nodeId: head.nodeId, restarts: 1, actorId: controller.actorId });
  });

  it("must register on a link before it reports over it", async () => {
    const setup = await setUp();
    const agent = await setup.agent();
    const heartbeat = setup.gcs.heartbeat({ nodeId: agent.nodeId });
    await expect(heartbeat).rejects.toMatchObject({ code: "unavailable" });
    await (await agent.gcs()).heartbeat({ nodeId: agent.nodeId });
  });
});

describe("the routing snapshot", () => {
  it("reaches every agent, newest first, and later ones with their registration; its version only rises", async () => {
    const setup = await setUp();
    const [a, b] = [await setup.agent(), await setup.agent()];
    expect((await setup.gcs.getRouting({})).snapshot).toBeNull();
    const versions = Array.from({ length: 30 }, (_, index) => index + 1);
    await Promise.all(versions.map((version) => setup.gcs.putRouting({ snapshot: sampleRouting(version) })));
    for (const agent of [a, b]) {
      await waitFor(() => agent.routing?.version === 30, { timeoutMs: 5_000, what: "the newest snapshot" });
      expect(agent.routings).toEqual(agent.routings.toSorted((x, y) => x - y));
    }
    const late = await setup.agent();
    expect(late.routing?.version).toBe(30);
    await setup.gcs.putRouting({ snapshot: sampleRouting(30) });
    const stale = setup.gcs.putRouting({ snapshot: sampleRouting(29) });
    await expect(stale).rejects.toMatchObject({
      code: "stale_epoch",
      message: expect.stringContaining("above 30") as string,
    });
    expect((await setup.gcs.getRouting({})).snapshot?.version).toBe(30);
  });

  it("is corrected for an agent that comes late by the deaths since", async () => {
    const setup = await setUp();
    const agent = await setup.agent();
    const actor = await create(setup);
    const alive = await until(setup, actor, isAlive);
    await setup.gcs.putRouting({ snapshot: sampleRouting(1, [alive]) });
    await agent.exit(actor.actorId);
    const late = await setup.agent();
    await waitFor(() => late.down.size > 0, { timeoutMs: 5_000, what: "the push of the death" });
    expect([...late.down]).toEqual([actor.actorId]);
  });
});

describe("callers", () => {
  it("hear the present state, then changes", async () => {
    const setup = await setUp();
    const agent = await setup.agent();
    const kinds: string[] = [];
    const cancel = new AbortController();
    for await (const event of setup.gcs.subscribe({ topics: ["nodes", "actors"] }, { signal: cancel.signal })) {
      kinds.push(event.kind === "actor" ? event.actor.state : event.kind);
      if (event.kind === "synced") await create(setup);
      if (kinds.at(-1) === "ALIVE") break;
    }
    expect(kinds.slice(0, 3)).toEqual(["node", "synced", "PENDING_CREATION"]);
    expect(agent.actors.size).toBe(1);
  });

  it("keep values, large ones too", async () => {
    const { gcs } = await setUp();
    const value = new Uint8Array(5_000_000).fill(9);
    expect(await gcs.kvPut({ namespace: "b", key: "x/1", value })).toEqual({ added: true });
    expect(await gcs.kvPut({ namespace: "b", key: "x/1", value: new Uint8Array(1), overwrite: false })).toEqual({
      added: false,
    });
    expect(await gcs.kvPut({ namespace: "b", key: "y/1", value: new Uint8Array(1) })).toEqual({ added: true });
    expect(Buffer.from((await gcs.kvGet({ namespace: "b", key: "x/1" })).value ?? []).equals(value)).toBe(true);
    expect((await gcs.kvKeys({ namespace: "b", prefix: "x/" })).keys).toEqual(["x/1"]);
    expect(await gcs.kvDelete({ namespace: "b", key: "x/1" })).toEqual({ deleted: true });
    expect(await gcs.kvGet({ namespace: "b", key: "x/1" })).toEqual({ value: null });
    const long = gcs.kvPut({ namespace: "b", key: "k".repeat(2_000), value });
    await expect(long).rejects.toMatchObject({ code: "invalid_argument" });
  });
});

describe("a control store whose lease is gone", () => {
  it("fails with its next write instead of going on, and no caller takes that for his own fault", async () => {
    const store = await openMemoryStore({ clock: systemClock });
    const setup = await setUp(systemClock, Promise.resolve(store));
    await store.claimLease(`${setup.running.address} ${hostname()}:${process.pid}:test`, 3_000);
    await expect(create(setup)).rejects.toMatchObject({ code: "not_leader" });
    expect(await setup.running.failed).toMatchObject({ code: "stale_epoch" });
  });
});
