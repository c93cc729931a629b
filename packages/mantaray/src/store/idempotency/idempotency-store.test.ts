import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRedis } from "@manta/testkit/redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { waitFor } from "../../base/wait.ts";
import { redisConfig } from "../redis/config.ts";
import { openEmbeddedIdempotencyStore } from "./embedded-idempotency-store.ts";
import type { IdempotencyBounds, IdempotencyStore } from "./idempotency-store.ts";
import { openRedisIdempotencyStore } from "./redis-idempotency-store.ts";

const directory = mkdtempSync(join(tmpdir(), "manta-keys-"));
let server: Awaited<ReturnType<typeof startRedis>>;
const stores: IdempotencyStore[] = [];
beforeAll(async () => {
  server = await startRedis({ durable: false });
});
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** Opens the store of a name: the same name twice gives two openings of one store. */
type Open = (name: string, bounds?: IdempotencyBounds) => IdempotencyStore;

const kept = (store: IdempotencyStore): IdempotencyStore => {
  stores.push(store);
  return store;
};
const embedded: Open = (name, bounds) =>
  kept(
    openEmbeddedIdempotencyStore({
      file: join(directory, `${name}.db`),
      clock: systemClock,
      ...(bounds === undefined ? {} : { bounds }),
    }),
  );
const redis: Open = (name, bounds) =>
  kept(
    openRedisIdempotencyStore({
      config: redisConfig({ RAY_REDIS_ADDRESS: server.address }),
      namespace: name,
      clock: systemClock,
      log: silentLog,
      ...(bounds === undefined ? {} : { bounds }),
    }),
  );

const leaseMs = 60_000;
const claimOf = (holder: string, fingerprint = "f") => ({ fingerprint, holder, leaseMs });

describe.each([
  ["embedded", embedded],
  ["redis", redis],
] as const)("the %s store of idempotency keys", (_name, open) => {
  it("lets one of many claim a key, whoever shares the store, and shows the others who it is", async () => {
    const [one, two] = [open("share"), open("share")];
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : two).claim("k", claimOf(`h${index}`))),
    );
    expect(claims.filter(({ kind }) => kind === "claimed")).toHaveLength(1);
    const holder = `h${claims.findIndex(({ kind }) => kind === "claimed")}`;
    expect(await two.claim("k", claimOf("x", "other"))).toEqual({ kind: "running", fingerprint: "f", holder });
    expect(await two.claim("k2", claimOf("x"))).toEqual({ kind: "claimed" });
  });

  it("gives the answer back, byte by byte, until its time is over", async () => {
    const store = open("answer");
    const answer = Buffer.from([0, 255, 13, 10, 0]);
    await store.claim("k", claimOf("h"));
    expect(await store.finish("k", "h", answer, 200)).toBe(true);
    expect(await store.claim("k", claimOf("x"))).toEqual({ kind: "finished", fingerprint: "f", answer });
    await waitFor(async () => (await store.claim("k", claimOf("x"))).kind === "claimed", {
      timeoutMs: 5_000,
      what: "the end of the answer",
    });
  });

  it("lets a lease run out, and then refuses whoever had it", async () => {
    const store = open("lease");
    await store.claim("k", { fingerprint: "f", holder: "late", leaseMs: 50 });
    expect(await store.renew("k", "late", 80)).toBe(true);
    await waitFor(async () => (await store.claim("k", claimOf("next", "g"))).kind === "claimed", {
      timeoutMs: 5_000,
      what: "the end of the lease",
    });
    expect(await store.renew("k", "late", leaseMs)).toBe(false);
    expect(await store.finish("k", "late", Buffer.from("a"), leaseMs)).toBe(false);
    await store.release("k", "late");
    expect(await store.claim("k", claimOf("x"))).toMatchObject({ kind: "running", holder: "next" });
  });

  it("takes a key from a holder that is known to be dead, and from no other", async () => {
    const store = open("dead");
    await store.claim("k", claimOf("dead"));
    expect(await store.claim("k", { ...claimOf("x"), deadHolder: "another" })).toMatchObject({ kind: "running" });
    expect(await store.claim("k", { ...claimOf("x"), deadHolder: "dead" })).toEqual({ kind: "claimed" });
    await store.release("k", "x");
    expect(await store.claim("k", claimOf("y"))).toEqual({ kind: "claimed" });
    await store.finish("k", "y", Buffer.from("a"), leaseMs);
    expect(await store.claim("k", { ...claimOf("z"), deadHolder: "" })).toMatchObject({ kind: "finished" });
  });

  it("keeps within its bounds: the oldest answers go, those under way stay", async () => {
    const store = open("bounds", { answersMax: 3, answerBytesMax: 1_000 });
    await store.claim("running", claimOf("h"));
    const finish = async (key: string, bytes: number): Promise<void> => {
      await store.claim(key, claimOf("h"));
      await store.finish(key, "h", Buffer.alloc(bytes), leaseMs + stores.length);
    };
    const kindOf = async (key: string): Promise<string> => {
      const { kind } = await store.claim(key, claimOf("probe"));
      if (kind === "claimed") await store.release(key, "probe");
      return kind;
    };
    for (const key of ["a", "b", "c", "d"]) {
      await finish(key, 10);
      // Their order is that of their times, in ms.
      const nowMs = Date.now();
      await waitFor(() => Date.now() > nowMs + 1, { timeoutMs: 1_000, what: "the next ms", intervalMs: 1 });
    }
    expect(await Promise.all(["a", "b", "d", "running"].map(kindOf))).toEqual([
      "claimed",
      "finished",
      "finished",
      "running",
    ]);
    await finish("large", 990);
    expect(await Promise.all(["b", "c", "large"].map(kindOf))).toEqual(["claimed", "claimed", "finished"]);
  });
});

describe("a store that cannot be asked", () => {
  it("says so: Redis is away", async () => {
    const own = await startRedis({ durable: false });
    const store = kept(
      openRedisIdempotencyStore({
        config: redisConfig({ RAY_REDIS_ADDRESS: own.address }),
        namespace: "away",
        clock: systemClock,
        log: silentLog,
      }),
    );
    expect(await store.claim("k", claimOf("h"))).toEqual({ kind: "claimed" });
    await own.kill();
    await expect(store.claim("k", claimOf("h"))).rejects.toMatchObject({ code: "unavailable" });
    await own.stop();
  });

  it("says so: the file is no database", async () => {
    const store = openEmbeddedIdempotencyStore({ file: directory, clock: systemClock });
    await expect(store.claim("k", claimOf("h"))).rejects.toMatchObject({ code: "unavailable" });
  });
});
