import type { Lease } from "kubernetes-types/coordination/v1.d.ts";
import { FakeClock, waitFor } from "mantaray/testing";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ScriptedServer, sendStatus } from "./fixtures/scripted-server.ts";
import { StoredObjects } from "./fixtures/stored-objects.ts";
import { LeaderElection } from "./leader-election.ts";

let server: ScriptedServer;
let stored: StoredObjects;
let clock: FakeClock;
const log = pino({ level: "silent" });
const stops: AbortController[] = [];

beforeEach(async () => {
  server = await ScriptedServer.start();
  stored = new StoredObjects();
  server.handler = stored.handler;
  clock = new FakeClock();
});
afterEach(async () => {
  for (const stop of stops.splice(0)) stop.abort();
  await server.close();
});

interface Contender {
  readonly election: LeaderElection;
  readonly stop: AbortController;
  /** What became of it, in order. */
  readonly told: string[];
}

const contend = (identity: string): Contender => {
  const election = new LeaderElection({
    api: server.api(),
    namespace: "default",
    name: "ray-operator-leader",
    identity,
    clock,
    log,
  });
  const stop = new AbortController();
  stops.push(stop);
  const told: string[] = [];
  const run = async (): Promise<void> => {
    if (!(await election.acquire(stop.signal))) return;
    told.push("leads");
    told.push(await election.hold(stop.signal));
  };
  run().catch((error: unknown) => told.push(String(error)));
  return { election, stop, told };
};

const lease = (): Lease["spec"] => [...stored.objects.values()].map((object) => (object as Lease).spec)[0];

/** Lets time pass in small steps, so that answers of the server come in between. */
const eventually = async (probe: () => boolean, what: string, stepMs = 250): Promise<void> => {
  await waitFor(
    async () => {
      if (probe()) return true;
      await clock.advance(stepMs);
      return undefined;
    },
    { timeoutMs: 10_000, what },
  );
};

describe("leader election", () => {
  it("has one leader, who keeps the lease as long as it renews", async () => {
    const first = contend("first");
    await eventually(() => first.told.length > 0, "the first leads");
    const second = contend("second");
    const renewed = lease()?.renewTime;
    await eventually(() => clock.nowMs() > 60_000, "a minute");
    expect([first.told, second.told]).toEqual([["leads"], []]);
    expect(lease()).toMatchObject({ holderIdentity: "first", leaseTransitions: 0, leaseDurationSeconds: 15 });
    expect(lease()?.renewTime).not.toBe(renewed);
    expect(second.election.holder).toBe("first");
  });

  it("goes to another once the leader is dead for the whole duration, not before", async () => {
    const first = contend("first");
    await eventually(() => first.told.length > 0, "the first leads");
    const second = contend("second");
    await eventually(() => second.election.holder === "first", "the second has seen it");
    // Killed: it says nothing any more.
    first.stop.abort();
    const diedAtMs = clock.nowMs();
    await eventually(() => second.told.length > 0, "the second leads");
    expect(clock.nowMs() - diedAtMs).toBeGreaterThan(12_000);
    expect(lease()).toMatchObject({ holderIdentity: "second", leaseTransitions: 1 });
  });

  it("goes to another at once when the leader gives it away", async () => {
    const first = contend("first");
    await eventually(() => first.told.length > 0, "the first leads");
    const second = contend("second");
    await eventually(() => second.election.holder === "first", "the second has seen it");
    first.stop.abort();
    await first.election.release();
    const releasedAtMs = clock.nowMs();
    await eventually(() => second.told.length > 0, "the second leads");
    expect(clock.nowMs() - releasedAtMs).toBeLessThan(4_000);
  });

  it("a leader that cannot renew stops before anybody else may begin", async () => {
    const first = contend("first");
    await eventually(() => first.told.length > 0, "the first leads");
    server.handler = (_, response) => sendStatus(response, 403, "Forbidden");
    const awayAtMs = clock.nowMs();
    await eventually(() => first.told.length > 1, "the first gives up");
    expect(first.told).toEqual(["leads", "lost"]);
    expect(clock.nowMs() - awayAtMs).toBeLessThan(15_000);
    expect(first.election.isLeader).toBe(false);
  });

  it("refuses times that cannot keep the promise", () => {
    const options = { api: server.api(), namespace: "a", name: "b", identity: "c", clock, log };
    expect(() => new LeaderElection({ ...options, renewDeadlineMs: 15_000 })).toThrow("< duration (15000 ms)");
  });
});
