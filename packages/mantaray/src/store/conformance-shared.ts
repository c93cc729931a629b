import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../base/clock.ts";
import { waitFor } from "../base/wait.ts";
import type { ControlStore } from "./control-store.ts";
import { sampleActor, sampleNode } from "./sample-records.ts";
import type { SharedStoreHarness } from "./store-harness.ts";

/** The rules for backends on a server of their own (S6 to S8): several processes have it open, and it may be away. */
export const describeSharedStore = (
  backend: string,
  create: () => Promise<SharedStoreHarness>,
  ttlMs: number,
): void => {
  describe(`${backend} store, shared`, () => {
    const opened: ControlStore[] = [];
    const harnesses: SharedStoreHarness[] = [];
    const fresh = async (): Promise<Shared> => {
      const harness = await create();
      harnesses.push(harness);
      const open = async (): Promise<ControlStore> => {
        const store = await harness.open();
        opened.push(store);
        return store;
      };
      return { harness, open, ttlMs };
    };
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close();
      for (const harness of harnesses.splice(0)) await harness.destroy();
    });
    describe("among processes", () => {
      sharingCases(fresh);
    });
    describe("with its server away", () => {
      absenceCases(fresh);
    });
    describe("with its data gone", () => {
      lossCases(fresh);
    });
  });
};

interface Shared {
  readonly harness: SharedStoreHarness;
  readonly open: () => Promise<ControlStore>;
  readonly ttlMs: number;
}
type Fresh = () => Promise<Shared>;

const take = async (store: ControlStore, holder: string, ttlMs: number): Promise<number> => {
  const claim = await store.claimLease(holder, ttlMs);
  if (!claim.granted) throw new Error(`the lease is held by ${claim.holder}`);
  return claim.epoch;
};

/** Claims until it is granted: what a standby does. */
const standBy = async (
  store: ControlStore,
  holder: string,
  ttlMs: number,
): Promise<{ epoch: number; waitedMs: number }> => {
  const sinceMs = systemClock.nowMs();
  const epoch = await waitFor(
    async () => {
      const claim = await store.claimLease(holder, ttlMs);
      return claim.granted ? claim.epoch : undefined;
    },
    { timeoutMs: 15_000, what: "the lease", intervalMs: 20 },
  );
  return { epoch, waitedMs: systemClock.nowMs() - sinceMs };
};

const unavailable = expect.objectContaining({ code: "unavailable" });
const stale = expect.objectContaining({ code: "stale_epoch" });

const sharingCases = (fresh: Fresh): void => {
  it("gives the lease to one of many that claim it at the same time", async () => {
    const { open, ttlMs } = await fresh();
    const stores = await Promise.all(Array.from({ length: 5 }, open));
    const claims = await Promise.all(stores.map((store, index) => store.claimLease(`holder ${index}`, ttlMs)));
    const [leader, ...others] = claims.filter((claim) => claim.granted);
    expect(leader).toBeDefined();
    expect(others).toEqual([]);
  });

  it("passes it to whoever waits when the holder is silent, and refuses the holder from then on", async () => {
    const { open, ttlMs } = await fresh();
    const [first, second] = [await open(), await open()];
    const epoch = await take(first, "a", ttlMs);
    const node = sampleNode();
    await first.write(epoch, [{ kind: "putNodes", nodes: [node] }]);
    const next = await standBy(second, "b", ttlMs);
    expect(next.epoch).toBeGreaterThan(epoch);
    await expect(first.write(epoch, [{ kind: "deleteNodes", nodeIds: [node.nodeId] }])).rejects.toEqual(stale);
    await expect(first.renewLease({ holder: "a", epoch }, ttlMs)).rejects.toEqual(stale);
    expect((await second.load()).nodes).toEqual([node]);
  });

  it("passes it on at once when it is released", async () => {
    const { open, ttlMs } = await fresh();
    const [first, second] = [await open(), await open()];
    const epoch = await take(first, "a", ttlMs);
    expect(await second.claimLease("b", ttlMs)).toMatchObject({ granted: false, holder: "a" });
    await first.releaseLease({ holder: "a", epoch });
    expect(await second.claimLease("b", ttlMs)).toMatchObject({ granted: true });
  });
};

const absenceCases = (fresh: Fresh): void => {
  it("answers unavailable with the reason, and works again by itself", async () => {
    const { harness, open, ttlMs } = await fresh();
    const store = await open();
    const epoch = await take(store, "a", ttlMs);
    await harness.away();
    const actor = sampleActor();
    const write = () => store.write(epoch, [{ kind: "putActors", actors: [actor] }]);
    await expect(write()).rejects.toEqual(unavailable);
    await expect(store.renewLease({ holder: "a", epoch }, ttlMs)).rejects.toEqual(unavailable);
    await expect(store.load()).rejects.toEqual(unavailable);
    await harness.back();
    const backMs = systemClock.nowMs();
    await waitFor(() => write().then(() => true), { timeoutMs: 5_000, what: "the store's return" });
    // The lease may travel on a connection of its own, which comes back on its own.
    const renew = () => store.renewLease({ holder: "a", epoch }, ttlMs).then(() => true);
    await waitFor(renew, { timeoutMs: 5_000, what: "the renewal" });
    expect(systemClock.nowMs() - backMs).toBeLessThan(5_000);
    expect((await store.load()).actors).toEqual([actor]);
  });

  it("may be opened while it is away", async () => {
    const { harness, open, ttlMs } = await fresh();
    await harness.away();
    const store = await open();
    await expect(store.claimLease("a", ttlMs)).rejects.toEqual(unavailable);
    await expect(store.load()).rejects.toEqual(unavailable);
    await harness.back();
    const epoch = await waitFor(() => take(store, "a", ttlMs), { timeoutMs: 5_000, what: "the store" });
    const write = () => store.write(epoch, [{ kind: "putNodes", nodes: [sampleNode()] }]).then(() => true);
    await waitFor(write, { timeoutMs: 5_000, what: "a write" });
  });

  it("leaves the lease with the holder that could not renew it meanwhile", async () => {
    const { harness, open, ttlMs } = await fresh();
    const [first, second] = [await open(), await open()];
    const epoch = await take(first, "a", ttlMs);
    expect(await second.claimLease("b", ttlMs)).toMatchObject({ granted: false });
    await harness.away();
    await expect(second.claimLease("b", ttlMs)).rejects.toEqual(unavailable);
    await harness.advance(ttlMs * 2);
    await harness.back();
    await waitFor(() => second.claimLease("b", ttlMs), { timeoutMs: 5_000, what: "an answer" });
    expect(await second.claimLease("b", ttlMs)).toMatchObject({ granted: false, holder: "a" });
    await waitFor(() => first.renewLease({ holder: "a", epoch }, ttlMs).then(() => true), {
      timeoutMs: 5_000,
      what: "the renewal",
    });
  });
};

const lossCases = (fresh: Fresh): void => {
  it("tells the writer that everything must be written again", async () => {
    const { harness, open, ttlMs } = await fresh();
    const store = await open();
    const epoch = await take(store, "a", ttlMs);
    const node = sampleNode();
    await store.write(epoch, [{ kind: "putNodes", nodes: [node] }]);
    await harness.wipe();
    const lost = expect.objectContaining({ code: "data_loss" });
    await expect(store.write(epoch, [{ kind: "putNodes", nodes: [sampleNode()] }])).rejects.toEqual(lost);
    await expect(store.renewLease({ holder: "a", epoch }, ttlMs)).rejects.toEqual(lost);
    const next = await take(store, "a", ttlMs);
    expect(next).toBeGreaterThan(epoch);
    await expect(store.write(epoch, [{ kind: "reset" }])).rejects.toEqual(stale);
    await store.write(next, [{ kind: "reset" }, { kind: "putNodes", nodes: [node] }]);
    expect((await store.load()).nodes).toEqual([node]);
  });

  it("keeps whoever stands by from the lease until the leader has had its time", async () => {
    const { harness, open, ttlMs } = await fresh();
    const [leader, standby] = [await open(), await open()];
    await take(leader, "a", ttlMs);
    expect(await standby.claimLease("b", ttlMs)).toMatchObject({ granted: false, holder: "a" });
    await harness.wipe();
    expect(await standby.claimLease("b", ttlMs)).toMatchObject({ granted: false, holder: "a" });
    await take(leader, "a", ttlMs);
    expect(await standby.claimLease("b", ttlMs)).toMatchObject({ granted: false, holder: "a" });
  });

  it("lets whoever stands by lead when the leader has gone with the data", async () => {
    const { harness, open, ttlMs } = await fresh();
    const [leader, standby] = [await open(), await open()];
    const epoch = await take(leader, "a", ttlMs);
    await standby.claimLease("b", ttlMs);
    await leader.close();
    await harness.wipe();
    const next = await standBy(standby, "b", ttlMs);
    expect(next.waitedMs).toBeGreaterThanOrEqual(ttlMs * 2 - 50);
    expect(next.epoch).toBeGreaterThan(epoch);
  });
};
