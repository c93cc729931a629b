import { type RedisServer, startRedis } from "@manta/testkit/redis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MantaError } from "../base/errors.ts";
import { waitFor } from "../base/wait.ts";
import { gcsService } from "../protocol/gcs.ts";
import { type Client, createClient, dial } from "../rpc/index.ts";
import { storeLimits } from "../store/index.ts";
import { FakeAgent } from "./fixtures/fake-agent.ts";
import { type GcsProcess, startGcsProcess } from "./fixtures/gcs-process.ts";
import { aliveCount, testSpec, testToken as token, untilActors } from "./fixtures/test-cluster.ts";

let redis: RedisServer;
const processes: GcsProcess[] = [];
const agents: FakeAgent[] = [];
const closers: (() => void)[] = [];
beforeEach(async () => {
  redis = await startRedis({ proxy: true });
});
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.die();
  for (const close of closers.splice(0)) close();
  for (const { child } of processes.splice(0)) child.kill("SIGKILL");
  await redis.stop();
});

interface Head {
  readonly process: GcsProcess;
  readonly address: string;
  readonly gcs: Client<typeof gcsService>;
}

const startHead = async (holder: string, port = "0"): Promise<Head> => {
  const args = ["--port", port, "--storage", "redis", "--session-name", "s", "--holder", holder];
  const started = await startGcsProcess(args, token, { RAY_REDIS_ADDRESS: redis.address });
  processes.push(started);
  if (started.ready === undefined) throw new Error(`the control store did not start: ${started.log()}`);
  const { address } = started.ready;
  const link = await dial(address, { token, identity: { role: "client", id: "test" } });
  closers.push(() => link.close("done"));
  return { process: started, address, gcs: createClient(link, gcsService) };
};

const agentOf = async (head: Head, others: readonly Head[] = []): Promise<FakeAgent> => {
  const agent = await FakeAgent.start({ address: head.address, others: others.map(({ address }) => address), token });
  agents.push(agent);
  return agent;
};

const untilLeads = ({ gcs }: Head, timeoutMs = 10_000): Promise<unknown> =>
  waitFor(
    async () => {
      const { role, recovering } = await gcs.ping({}, { timeoutMs: 1_000 });
      return role === "leader" && !recovering;
    },
    { timeoutMs, what: "the standby to lead", intervalMs: 5 },
  );

const put = ({ gcs }: Head, key: string): Promise<unknown> =>
  gcs.kvPut({ namespace: "n", key, value: new Uint8Array([1]) }, { timeoutMs: 15_000 });

/** Changes, one after the other, until told to stop; keys that were acknowledged, and the last refusal. */
const load = (head: Head) => {
  const acknowledged: string[] = [];
  let refusal: MantaError | undefined;
  const stopping = new AbortController();
  const run = async (): Promise<void> => {
    for (let count = 0; !stopping.signal.aborted; count += 1) {
      try {
        await put(head, `k${count}`);
        acknowledged.push(`k${count}`);
      } catch (error) {
        refusal = MantaError.from(error);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const done = run();
  return {
    acknowledged,
    refusal: () => refusal,
    stop: (): Promise<void> => {
      stopping.abort();
      return done;
    },
  };
};

interface Fault {
  readonly name: string;
  readonly begin: () => Promise<unknown>;
  readonly end: () => Promise<unknown>;
  readonly says: RegExp;
}

const faults: readonly Fault[] = [
  {
    name: "is killed",
    begin: () => redis.kill(),
    end: () => redis.restart(),
    says: /refuses connections|closed the conn/,
  },
  { name: "hangs", begin: async () => redis.pause(), end: async () => redis.resume(), says: /not answer/ },
  { name: "is cut off", begin: async () => redis.cut(), end: async () => redis.mend(), says: /not answer/ },
  {
    name: "takes no writes",
    begin: () => redis.makeReadOnly(),
    end: () => redis.makeWritable(),
    says: /read-only|lost its primary/,
  },
  { name: "is full", begin: () => redis.limitMemory(1), end: () => redis.limitMemory(0), says: /out of memory/ },
  {
    name: "has another password",
    begin: async () => {
      await redis.command("CONFIG", "SET", "requirepass", "other");
      await redis.command("-a", "other", "CLIENT", "KILL", "TYPE", "normal");
    },
    end: () => redis.command("-a", "other", "CONFIG", "SET", "requirepass", ""),
    says: /password/,
  },
];

describe("a control store whose Redis", () => {
  it.each(faults)(
    "$name says so, leads on, believes its nodes, and goes on within seconds",
    async (fault) => {
      const head = await startHead("a");
      const agent = await agentOf(head);
      await head.gcs.createActor({ spec: testSpec({ maxRestarts: -1 }) });
      const [actor] = await untilActors(head.gcs, (actors) => aliveCount(actors) === 1);
      const changes = load(head);
      await waitFor(() => changes.acknowledged.length > 50, { timeoutMs: 5_000, what: "changes" });
      await fault.begin();
      await waitFor(() => changes.refusal()?.message.includes("is away for"), {
        timeoutMs: 20_000,
        what: "the refusal",
      });
      expect(changes.refusal()).toMatchObject({
        code: "unavailable",
        message: expect.stringMatching(fault.says) as string,
      });
      await agent.exit(actor!.actorId);
      await untilActors(head.gcs, ([each]) => each?.state === "ALIVE" && each.restarts === 1);
      await fault.end();
      const endMs = performance.now();
      const before = changes.acknowledged.length;
      await waitFor(() => changes.acknowledged.length > before, { timeoutMs: 10_000, what: "the next change" });
      expect(performance.now() - endMs).toBeLessThan(5_000);
      await changes.stop();
      // Another process finds every change that was acknowledged.
      head.process.child.kill("SIGKILL");
      await head.process.ended;
      const next = await startHead("a");
      await untilLeads(next);
      const { keys } = await next.gcs.kvKeys({ namespace: "n", prefix: "k" });
      expect(changes.acknowledged.filter((key) => !keys.includes(key))).toEqual([]);
      expect((await next.gcs.listActors({})).actors).toMatchObject([{ actorId: actor!.actorId, restarts: 1 }]);
    },
    60_000,
  );

  it("is slow by two seconds is slow as well, and refuses nothing", async () => {
    const head = await startHead("a");
    await agentOf(head);
    redis.slow(2_000);
    await Promise.all([put(head, "a"), head.gcs.createActor({ spec: testSpec() })]);
    expect(await head.gcs.ping({})).toMatchObject({ role: "leader", store: { available: true } });
    await untilActors(head.gcs, (actors) => aliveCount(actors) === 1, "the actor", 10_000);
  });

  it("is emptied fills it again, and a standby lets it", async () => {
    const head = await startHead("a");
    const standby = await startHead("b");
    const agent = await agentOf(head, [standby]);
    await head.gcs.createActor({ spec: testSpec() });
    const before = await untilActors(head.gcs, (actors) => aliveCount(actors) === 1);
    await put(head, "k");
    const { epoch } = await head.gcs.ping({});
    await redis.flush();
    await waitFor(async () => (await head.gcs.ping({})).epoch > epoch, { timeoutMs: 5_000, what: "the new epoch" });
    await put(head, "l");
    expect(await standby.gcs.ping({})).toMatchObject({ role: "standby" });
    head.process.child.kill("SIGKILL");
    await untilLeads(standby);
    await waitFor(() => agent.registrations === 2, { timeoutMs: 3_000, what: "the agent" });
    expect((await standby.gcs.listActors({})).actors).toEqual(before);
    expect((await standby.gcs.kvKeys({ namespace: "n", prefix: "" })).keys).toEqual(["k", "l"]);
    expect(agent.launches).toHaveLength(1);
  });
});

describe("of two control store processes on one Redis", () => {
  it("the standby leads within seconds when the leader is killed, at once when it stops in order", async () => {
    let [leader, standby] = [await startHead("a"), await startHead("b")];
    const agent = await agentOf(leader, [standby]);
    await leader.gcs.createActor({ spec: testSpec() });
    const before = await untilActors(leader.gcs, (actors) => aliveCount(actors) === 1);
    for (const signal of ["SIGKILL", "SIGTERM"] as const) {
      const startMs = performance.now();
      leader.process.child.kill(signal);
      await untilLeads(standby);
      expect(performance.now() - startMs).toBeLessThan(
        signal === "SIGTERM" ? storeLimits.leaseTtlMs : 3 * storeLimits.leaseTtlMs,
      );
      expect((await standby.gcs.listActors({})).actors).toEqual(before);
      [leader, standby] = [standby, await startHead(signal)];
    }
    expect(agent.launches).toHaveLength(1);
  }, 60_000);

  it("one that is started again in its place has the lease at once, though its former life never gave it back", async () => {
    const leader = await startHead("a");
    const agent = await agentOf(leader);
    const { epoch } = await leader.gcs.ping({});
    leader.process.child.kill("SIGKILL");
    await leader.process.ended;
    const again = await startHead("a", leader.address.split(":").at(-1));
    // It would say "standby" had it had to wait.
    expect(again.process.ready).toMatchObject({ address: leader.address, role: "leader" });
    expect((await again.gcs.ping({})).epoch).toBeGreaterThan(epoch);
    await waitFor(() => agent.registrations === 2, { timeoutMs: 3_000, what: "the agent" });
  });

  it("a leader that was stopped for ten seconds and goes on changes nothing, orders nothing, and ends", async () => {
    const [leader, standby] = [await startHead("a"), await startHead("b")];
    const agent = await agentOf(leader, [standby]);
    await leader.gcs.createActor({ spec: testSpec({ name: "one" }) });
    await untilActors(leader.gcs, (actors) => aliveCount(actors) === 1);
    leader.process.child.kill("SIGSTOP");
    const stopMs = performance.now();
    // Asked of the one that sleeps: it wakes to these.
    const late = [
      leader.gcs.createActor({ spec: testSpec({ name: "late" }) }, { timeoutMs: 30_000 }),
      leader.gcs.kvPut({ namespace: "n", key: "late", value: new Uint8Array() }, { timeoutMs: 30_000 }),
      leader.gcs.drainNode({ nodeId: agent.nodeId, reason: "late", timeoutMs: 1 }, { timeoutMs: 30_000 }),
    ].map((call) =>
      call.then(
        () => "done",
        (error: unknown) => MantaError.from(error).code,
      ),
    );
    await untilLeads(standby);
    await waitFor(() => performance.now() - stopMs > 10_000, { timeoutMs: 15_000, what: "ten seconds" });
    leader.process.child.kill("SIGCONT");
    expect(await leader.process.ended).toBe(1);
    for (const outcome of await Promise.all(late)) expect(["not_leader", "link_lost"]).toContain(outcome);
    expect(agent.staleOrders).toBe(0);
    expect(agent.drains).toEqual([]);
    const { actors } = await standby.gcs.listActors({});
    expect(actors.map(({ spec }) => spec.name)).toEqual(["one"]);
    expect((await standby.gcs.kvKeys({ namespace: "n", prefix: "" })).keys).toEqual([]);
    expect((await standby.gcs.listNodes({})).nodes).toMatchObject([{ draining: false, state: "ALIVE" }]);
  }, 60_000);
});
