import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../base/clock.ts";
import { MantaError } from "../../../base/errors.ts";
import { newNodeId } from "../../../base/ids.ts";
import { limits } from "../../../base/limits.ts";
import { silentLog } from "../../../base/log.ts";
import { replicaService } from "../../../protocol/replica.ts";
import type { RoutingSnapshot } from "../../../protocol/routing.ts";
import { linkPair, serveService } from "../../../rpc/index.ts";
import { openEmbeddedIdempotencyStore } from "../../../store/idempotency/embedded-idempotency-store.ts";
import type { IdempotencyStore } from "../../../store/idempotency/idempotency-store.ts";
import { DeadActors } from "./dead-actors.ts";
import { isDeadHolder } from "./is-dead.ts";
import { keyedLimits } from "./limits.ts";
import { openKeyStore } from "./open-store.ts";
import { type Run, RunOnce } from "./run-once.ts";

const directory = mkdtempSync(join(tmpdir(), "manta-once-"));
const file = join(directory, "keys.db");
const stores: IdempotencyStore[] = [];
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
  rmSync(directory, { recursive: true, force: true });
});

const opened = (): IdempotencyStore => {
  const store = openEmbeddedIdempotencyStore({ file, clock: systemClock });
  stores.push(store);
  return store;
};

const runOnce = (actorId: string, store: IdempotencyStore, dead = new DeadActors()): RunOnce =>
  new RunOnce({
    actorId,
    openStore: () => Promise.resolve(store),
    rules: () => ({ ttlMs: 60_000, responseBytesMax: 1_000, failOpen: false }),
    isDead: async ({ actorId: holder }) => dead.has(holder),
    clock: systemClock,
    log: silentLog,
  });

const replicaArgs = {
  replicaId: "r",
  app: "a",
  deployment: "d",
  bundleId: "b",
  exportName: "app",
  builderArgs: {},
  version: "1",
  userConfig: null,
  maxOngoingRequests: 1,
  shutdownWaitLoopMs: 0,
  routePrefix: "",
};

const request = (key: string) => ({ key, fingerprint: "f", isRetry: false, signal: new AbortController().signal });
const answer = { status: 200, statusText: "", fields: ["x-a", "1"], body: Buffer.from("ok") };

const runOf = async (once: RunOnce, key: string): Promise<Run> => {
  const verdict = await once.decide(request(key));
  if (verdict.kind !== "run") throw new Error("it was replayed");
  return verdict.run;
};

describe("a run that holds a key", () => {
  it("has a lease that a loop outlives which only stands still: its node kills that sooner", () => {
    expect(keyedLimits.leaseMs).toBeGreaterThan(limits.watchdogTimeoutMs + 10_000);
    expect(keyedLimits.renewMs * 3).toBeLessThan(keyedLimits.leaseMs);
  });

  it("records its answer later where the store is away in between", async () => {
    const store = opened();
    let away = false;
    const shaky: IdempotencyStore = {
      claim: (key, claim) => store.claim(key, claim),
      renew: (key, holder, leaseMs) => store.renew(key, holder, leaseMs),
      finish: async (key, holder, bytes, keepMs) => {
        if (away) throw new Error("away");
        return store.finish(key, holder, bytes, keepMs);
      },
      release: (key, holder) => store.release(key, holder),
      close: () => store.close(),
    };
    const once = runOnce("a", shaky);
    const run = await runOf(once, "later");
    away = true;
    await run.finish(answer);
    await expect(once.decide(request("later"))).rejects.toMatchObject({ code: "key_in_progress" });
    away = false;
    const replayed = await once.decide({ ...request("later"), isRetry: true });
    expect(replayed).toEqual({ kind: "replay", answer });
  });

  it("loses it to another replica only when its own is known to be dead", async () => {
    const store = opened();
    const dead = new DeadActors();
    const [one, two] = [runOnce("one", store), runOnce("two", store, dead)];
    await runOf(one, "dead");
    await expect(two.decide(request("dead"))).rejects.toMatchObject({ code: "key_in_progress" });
    dead.add(["another", "one"]);
    const run = await runOf(two, "dead");
    await run.finish(answer);
    expect((await one.decide(request("dead"))).kind).toBe("replay");
  });
});

/** A link to a replica of that life. */
const living = (life: string) => async () => {
  const [near, far] = await linkPair();
  serveService(far, replicaService, { metadata: () => ({ args: replicaArgs, ongoing: 0, life }) } as never);
  return near;
};
const failing = (code: string) => async () => {
  throw new MantaError("unavailable", "no link", { cause: Object.assign(new Error(code), { code }) });
};

describe("a holder", () => {
  const holder = { actorId: "a", life: "one" };
  const dead = new DeadActors();
  dead.add(["a"]);
  const snapshot = { deployments: { d: { replicas: [{ actorId: "a" }] } } } as unknown as RoutingSnapshot;
  it.each([
    ["lives while nobody says otherwise", new DeadActors(), undefined, failing("ECONNREFUSED"), false],
    ["is dead where no route names it any more", dead, undefined, failing("ETIMEDOUT"), true],
    ["is dead where nobody listens at its address", dead, snapshot, failing("ECONNREFUSED"), true],
    ["is dead where another life of it answers", dead, snapshot, living("two"), true],
    ["lives where it answers itself", dead, snapshot, living("one"), false],
    ["lives in doubt", dead, snapshot, failing("ETIMEDOUT"), false],
  ])("%s", async (_name, known, routes, connect, expected) => {
    expect(await isDeadHolder({ dead: known, snapshot: () => routes, connect }, holder)).toBe(expected);
  });
});

describe("the dead that are remembered", () => {
  it("are the newest, within a bound", () => {
    const dead = new DeadActors();
    for (let count = 0; count <= keyedLimits.deadActorsMax; count += 1) dead.add([`a${count}`]);
    expect([dead.has("a0"), dead.has("a1"), dead.has(`a${keyedLimits.deadActorsMax}`)]).toEqual([false, true, true]);
  });
});

const snapshotAt = (tcp: string) =>
  ({
    deployments: { d: { replicas: [{ nodeId: newNodeId(), addresses: { unix: "", tcp } }] } },
  }) as unknown as RoutingSnapshot;

describe("the store of keys", () => {
  const nodeId = newNodeId();
  const open = (tcp: string, env: Record<string, string>): Promise<IdempotencyStore> =>
    openKeyStore({ env, nodeId, snapshot: snapshotAt(tcp), clock: systemClock, log: silentLog });

  it("is a file in the temp folder on one machine, whose nodes have loopback addresses", async () => {
    const store = await open("tcp:127.0.0.2:1234", { MANTA_TEMP_DIR: directory });
    stores.push(store);
    const claim = { fingerprint: "f", holder: "h", leaseMs: 1_000 };
    expect(await store.claim("k", claim)).toEqual({ kind: "claimed" });
  });

  it("is refused on several machines without Redis: files would know nothing of one another", async () => {
    await expect(open("tcp:10.0.0.7:1234", { MANTA_TEMP_DIR: directory })).rejects.toMatchObject({
      code: "unavailable",
      rawMessage: expect.stringContaining("RAY_REDIS_ADDRESS") as string,
    });
  });
});
