import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serveJobId } from "../base/ids.ts";
import { limits } from "../base/limits.ts";
import { waitFor } from "../base/wait.ts";
import type { ActorRecord, ActorSpecInput } from "../protocol/actor.ts";
import { dial } from "../rpc/index.ts";
import { sampleRouting } from "../store/sample-records.ts";
import { FakeAgent } from "./fixtures/fake-agent.ts";
import { type GcsProcess, startGcsProcess } from "./fixtures/gcs-process.ts";

const token = "test-token";
let directory = "";
const processes: GcsProcess[] = [];
const agents: FakeAgent[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "manta-gcs-"));
});
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.die();
  for (const { child } of processes.splice(0)) child.kill("SIGKILL");
  await rm(directory, { recursive: true, force: true });
});

const start = async (port: string | number = 0): Promise<GcsProcess> => {
  const args = ["--port", String(port), "--storage", `embedded:${directory}/store`, "--session-name", "s"];
  const started = await startGcsProcess(args, token);
  processes.push(started);
  return started;
};

const addressOf = ({ ready, log }: GcsProcess): string => {
  if (ready === undefined) throw new Error(`the control store did not start: ${log()}`);
  return ready.address;
};

const agentAt = async (address: string, isHead = false): Promise<FakeAgent> => {
  const agent = await FakeAgent.start({ address, token, isHead });
  agents.push(agent);
  return agent;
};

const kill = async ({ child, ended }: GcsProcess): Promise<void> => {
  child.kill("SIGKILL");
  await ended;
};

const spec = (change: Partial<ActorSpecInput> = {}): ActorSpecInput => ({
  className: "Echo",
  jobId: serveJobId,
  entry: { module: "user-actor", args: { any: [1, "two"] } },
  ...change,
});

const actorsSeenBy = async (agent: FakeAgent): Promise<ActorRecord[]> =>
  (await (await agent.gcs()).listActors({})).actors.toSorted((a, b) => (a.actorId < b.actorId ? -1 : 1));

const untilAlive = async (agent: FakeAgent, count: number): Promise<ActorRecord[]> =>
  waitFor(
    async () => {
      const alive = (await actorsSeenBy(agent)).filter(({ state }) => state === "ALIVE");
      return alive.length === count ? alive : undefined;
    },
    { timeoutMs: 5_000, what: `${count} actors alive` },
  );

describe("a control store process that is killed and started again on its store", () => {
  it("finds its cluster: nodes, actors with ids and pids, keys, routing; nothing is started twice", async () => {
    const first = await start();
    const address = addressOf(first);
    const [a, b] = [await agentAt(address), await agentAt(address)];
    const gcs = await a.gcs();
    for (let count = 0; count < 6; count += 1) await gcs.createActor({ spec: spec({ name: `echo-${count}` }) });
    await gcs.kvPut({ namespace: "n", key: "k", value: new Uint8Array([1, 2]) });
    const before = await untilAlive(a, 6);
    await gcs.putRouting({ snapshot: sampleRouting(4, before) });
    await kill(first);
    const second = await start(address.split(":").at(-1));
    const readyMs = performance.now();
    expect(addressOf(second)).toBe(address);
    const after = await waitFor(
      async () => {
        const ping = await (await b.gcs()).ping({});
        return ping.recovering ? undefined : actorsSeenBy(b);
      },
      { timeoutMs: 5_000, what: "the end of the recovery" },
    );
    // All nodes have come back by themselves: the bound on the wait for them was not needed.
    expect(performance.now() - readyMs).toBeLessThan(limits.recoveryWaitMs);
    expect(after).toEqual(before);
    const again = await a.gcs();
    expect((await again.listNodes({})).nodes.map(({ state }) => state)).toEqual(["ALIVE", "ALIVE"]);
    expect(Buffer.from((await again.kvGet({ namespace: "n", key: "k" })).value ?? [])).toEqual(Buffer.of(1, 2));
    expect((await again.getRouting({})).snapshot).toEqual(sampleRouting(4, before));
    expect([...a.starts, ...b.starts].toSorted()).toEqual(before.map(({ actorId }) => actorId).toSorted());
    const kinds = (await again.listEvents({ limit: 100 })).events.map(({ kind }) => kind);
    expect(kinds).toEqual(["node_joined", "node_joined", "head_recovered"]);
  });

  it("knows why actors ended that ended while it was away, and counts a restart once", async () => {
    const first = await start();
    const address = addressOf(first);
    const agent = await agentAt(address);
    const gcs = await agent.gcs();
    const { actor: replica } = await gcs.createActor({ spec: spec() });
    const { actor: proxy } = await gcs.createActor({ spec: spec({ maxRestarts: -1 }) });
    await untilAlive(agent, 2);
    await kill(first);
    const cause = { kind: "CRASHED", message: "ended by SIGSEGV", exitCode: null, signal: "SIGSEGV" } as const;
    agent.exitUnheard(replica.actorId, cause);
    agent.restartUnheard(proxy.actorId, cause);
    await start(address.split(":").at(-1));
    const records = await waitFor(
      async () => {
        const actors = await actorsSeenBy(agent);
        return actors.some(({ state }) => state === "DEAD") ? actors : undefined;
      },
      { timeoutMs: 5_000, what: "the death" },
    );
    const stateOf = (actorId: string) => records.find((record) => record.actorId === actorId);
    expect(stateOf(replica.actorId)).toMatchObject({ state: "DEAD", deathCause: cause });
    expect(stateOf(proxy.actorId)).toMatchObject({ state: "ALIVE", restarts: 1, nodeId: agent.nodeId });
    expect(agent.starts).toHaveLength(2);
  });
});

describe("a control store process that is started again after more was lost", () => {
  it("brings a dead head's controller back on the new head, and declares who does not come dead", async () => {
    const first = await start();
    const address = addressOf(first);
    const [head, worker, lost] = [await agentAt(address, true), await agentAt(address), await agentAt(address)];
    const gcs = await worker.gcs();
    const controller = { name: "c", keep: true, maxRestarts: -1, placement: { onHead: true } };
    const { actor } = await gcs.createActor({ spec: spec(controller) });
    const replica = await gcs.createActor({ spec: spec({ placement: { nodeId: worker.nodeId } }) });
    const orphan = await gcs.createActor({ spec: spec({ placement: { nodeId: lost.nodeId } }) });
    await untilAlive(worker, 3);
    // Answered once everything before it is durable.
    await gcs.kvPut({ namespace: "n", key: "k", value: new Uint8Array() });
    await kill(first);
    await head.die();
    await lost.die();
    const second = await start(address.split(":").at(-1));
    const newHead = await agentAt(addressOf(second), true);
    await worker.registered();
    const records = await waitFor(
      async () => {
        const actors = await actorsSeenBy(worker);
        return actors.some(({ state, restarts }) => state === "ALIVE" && restarts === 1) ? actors : undefined;
      },
      { timeoutMs: 6_000, what: "the controller to be back" },
    );
    const stateOf = (actorId: string) => records.find((record) => record.actorId === actorId);
    expect(stateOf(actor.actorId)).toMatchObject({ state: "ALIVE", nodeId: newHead.nodeId });
    expect(stateOf(replica.actor.actorId)).toMatchObject({ state: "ALIVE", nodeId: worker.nodeId, restarts: 0 });
    expect(stateOf(orphan.actor.actorId)).toMatchObject({ state: "DEAD", deathCause: { kind: "NODE_DIED" } });
    expect(worker.starts).toEqual([replica.actor.actorId]);
    const { nodes } = await (await worker.gcs()).listNodes({});
    expect(
      nodes
        .filter(({ state }) => state === "DEAD")
        .map(({ nodeId }) => nodeId)
        .toSorted(),
    ).toEqual([head.nodeId, lost.nodeId].toSorted());
  });

  it("ends an actor for good that it was killing", async () => {
    const first = await start();
    const address = addressOf(first);
    const agent = await agentAt(address);
    const gcs = await agent.gcs();
    const { actor } = await gcs.createActor({ spec: spec({ maxRestarts: -1 }) });
    await untilAlive(agent, 1);
    agent.ignoreStops = true;
    await gcs.killActor({ actorId: actor.actorId, noRestart: true, graceMs: 0, reason: "enough" });
    await kill(first);
    agent.ignoreStops = false;
    await start(address.split(":").at(-1));
    const dead = await waitFor(async () => (await actorsSeenBy(agent)).find(({ state }) => state === "DEAD"), {
      timeoutMs: 5_000,
      what: "the actor's end",
    });
    expect(dead.deathCause).toMatchObject({ kind: "KILLED", message: "enough" });
  });
});

describe("the control store process", () => {
  it("ends in order on SIGTERM and when its agent's pipe ends, and lets its store go", async () => {
    const first = await start();
    first.child.kill("SIGTERM");
    expect(await first.ended).toBe(0);
    const second = await start();
    second.child.stdin?.end();
    expect(await second.ended).toBe(0);
    const third = await start();
    expect(third.ready?.ready).toBe(true);
  });

  it("says which port is taken", async () => {
    const address = addressOf(await start());
    const port = address.split(":").at(-1) ?? "";
    const second = await startGcsProcess(["--port", port, "--storage", "memory"], token);
    processes.push(second);
    expect(await second.ended).toBe(1);
    expect(second.log()).toContain(`port ${port} of 127.0.0.1 is taken by another process`);
  });

  it("refuses who does not know the token", async () => {
    const address = addressOf(await start());
    const identity = { role: "client", id: "stranger" };
    await expect(dial(address, { token: "wrong", identity })).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("goes down with its store rather than on without it", async () => {
    const started = await start();
    const agent = await agentAt(addressOf(started));
    const [exit] = await Promise.all([once(started.child, "close"), breakStore(agent)]);
    expect(exit[0]).toBe(1);
    expect(started.log()).toContain("the store cannot write any more");
  });
});

/** Makes the next log file impossible, then fills the present one. */
const breakStore = async (agent: FakeAgent): Promise<void> => {
  await writeFile(`${directory}/store/log-00000002`, "");
  const gcs = await agent.gcs();
  const value = new Uint8Array(17 * 1024 * 1024);
  for (const key of ["a", "b", "c"]) await gcs.kvPut({ namespace: "n", key, value }).catch(() => undefined);
};
