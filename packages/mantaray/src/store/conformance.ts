import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { conformanceProperty } from "./conformance-property.ts";
import type { ControlStore, StoredTables } from "./control-store.ts";
import { storeLimits } from "./limits.ts";
import { sampleActor, sampleNode, sampleRouting } from "./sample-records.ts";
import type { StoreHarness } from "./store-harness.ts";

/** The rules of `ControlStore` as tests: every backend runs them. `ttlMs`: shorter where the time of leases is real. */
export const describeControlStore = (
  backend: string,
  create: () => Promise<StoreHarness>,
  ttlMs: number = storeLimits.leaseTtlMs,
): void => {
  describe(`${backend} store`, () => {
    const harnesses: StoreHarness[] = [];
    const stores: ControlStore[] = [];
    const fresh: Fresh = async () => {
      const harness = await create();
      harnesses.push(harness);
      return {
        ...harness,
        open: async () => {
          const store = await harness.open();
          stores.push(store);
          return store;
        },
      };
    };
    afterEach(async () => {
      for (const store of stores.splice(0)) await store.close();
      for (const harness of harnesses.splice(0)) await harness.destroy();
    });
    describe("tables", () => {
      tableCases(fresh);
    });
    describe("order and bounds", () => {
      orderCases(fresh);
    });
    describe("lease", () => {
      leaseCases(fresh, ttlMs);
    });
    describe("fencing", () => {
      fencingCases(fresh, ttlMs);
    });
    it("is what a plain model says after any sequence of calls and reopenings", async () => {
      const outcome = await fc.check(conformanceProperty(create), { numRuns: 40 });
      expect(outcome.failed ? fc.defaultReportMessage(outcome) : undefined).toBeUndefined();
    });
  });
};

type Fresh = () => Promise<StoreHarness>;

/** Opens and claims. */
const writable = async (
  harness: StoreHarness,
  holder = "a",
  ttlMs: number = storeLimits.leaseTtlMs,
): Promise<{ store: ControlStore; epoch: number }> => {
  const store = await harness.open();
  return { store, epoch: await claim(store, holder, ttlMs) };
};

const claim = async (store: ControlStore, holder: string, ttlMs: number = storeLimits.leaseTtlMs): Promise<number> => {
  const outcome = await store.claimLease(holder, ttlMs);
  if (!outcome.granted) throw new Error(`the lease is held by ${outcome.holder}`);
  return outcome.epoch;
};

const empty: StoredTables = { nodes: [], actors: [], kv: [], routing: null, events: [] };
const stale = expect.objectContaining({ code: "stale_epoch" });

const tableCases = (fresh: Fresh): void => {
  it("is empty at first", async () => {
    expect(await (await (await fresh()).open()).load()).toEqual(empty);
  });

  it("gives back every kind of record, also after it was opened again", async () => {
    const harness = await fresh();
    const { store, epoch } = await writable(harness);
    const [node, actor, value] = [sampleNode(), sampleActor(), new Uint8Array(1_000_000).fill(7)];
    const event = { atMs: 1, kind: "node_joined", message: "hello", fields: { node: node.nodeId } };
    await store.write(epoch, [{ kind: "putNodes", nodes: [node] }]);
    await store.write(epoch, [{ kind: "putActors", actors: [actor] }]);
    await store.write(epoch, [{ kind: "putKv", namespace: "bundles", key: "k", value }]);
    await store.write(epoch, [{ kind: "putKv", namespace: "bundles", key: "empty", value: new Uint8Array(0) }]);
    await store.write(epoch, [{ kind: "putRouting", snapshot: sampleRouting(3, [actor]) }]);
    await store.write(epoch, [{ kind: "appendEvent", event }]);
    const check = (tables: StoredTables): void => {
      expect(tables.nodes).toEqual([node]);
      expect(tables.actors).toEqual([actor]);
      const values = new Map(tables.kv.map(({ key, value: found }) => [key, Buffer.from(found)]));
      expect(values).toEqual(
        new Map([
          ["k", Buffer.from(value)],
          ["empty", Buffer.alloc(0)],
        ]),
      );
      expect(tables.routing).toEqual(sampleRouting(3, [actor]));
      expect(tables.events).toEqual([event]);
    };
    check(await store.load());
    await store.close();
    check(await (await harness.open()).load());
  });
};

const orderCases = (fresh: Fresh): void => {
  it("applies the mutations of one turn in the order of the calls", async () => {
    const { store, epoch } = await writable(await fresh());
    const actor = sampleActor();
    const other = sampleActor();
    await Promise.all([
      store.write(epoch, [{ kind: "putActors", actors: [actor, other] }]),
      store.write(epoch, [{ kind: "deleteActors", actorIds: [actor.actorId] }]),
      store.write(epoch, [{ kind: "putActors", actors: [{ ...actor, restarts: 2 }] }]),
      store.write(epoch, [{ kind: "deleteActors", actorIds: [other.actorId] }]),
    ]);
    expect((await store.load()).actors).toEqual([{ ...actor, restarts: 2 }]);
  });

  it("makes one step of a write with many mutations, in their order", async () => {
    const { store, epoch } = await writable(await fresh());
    const [old, actor, other] = [sampleActor(), sampleActor(), sampleActor()];
    const event = { atMs: 1, kind: "k", message: "m", fields: {} };
    await store.write(epoch, [
      { kind: "putActors", actors: [old] },
      { kind: "putNodes", nodes: [sampleNode()] },
      { kind: "putKv", namespace: "n", key: "k", value: new Uint8Array([1]) },
      { kind: "putRouting", snapshot: sampleRouting(1) },
      { kind: "appendEvent", event: { ...event, message: "before" } },
      { kind: "reset" },
      { kind: "putActors", actors: [actor, other] },
      { kind: "deleteActors", actorIds: [other.actorId] },
      { kind: "appendEvent", event },
    ]);
    expect(await store.load()).toEqual({ ...empty, actors: [actor], events: [event] });
    await store.write(epoch, []);
    expect((await store.load()).actors).toEqual([actor]);
  });

  it("loads what was written before the call, acknowledged or not yet", async () => {
    const { store, epoch } = await writable(await fresh());
    const node = sampleNode();
    const written = store.write(epoch, [{ kind: "putNodes", nodes: [node] }]);
    expect((await store.load()).nodes).toEqual([node]);
    await written;
    await store.write(epoch, [{ kind: "deleteNodes", nodeIds: [node.nodeId] }]);
    expect((await store.load()).nodes).toEqual([]);
  });

  it("keeps namespaces apart whatever characters keys hold", async () => {
    const { store, epoch } = await writable(await fresh());
    const pairs = [
      ["a", "b:c"],
      ["a:b", "c"],
      ["", "a:b:c"],
      ["ab", ":c"],
      ["é", "\u0000"],
    ] as const; // prettier-ignore
    for (const [index, [namespace, key]] of pairs.entries()) {
      await store.write(epoch, [{ kind: "putKv", namespace, key, value: new Uint8Array([index]) }]);
    }
    expect((await store.load()).kv).toHaveLength(pairs.length);
    await store.write(epoch, [{ kind: "deleteKv", namespace: "a", key: "b:c" }]);
    const left = (await store.load()).kv.map(({ value }) => value[0]);
    expect(left.toSorted((a = 0, b = 0) => a - b)).toEqual([1, 2, 3, 4]);
  });

  it("keeps the newest events, oldest first", async () => {
    const { store, epoch } = await writable(await fresh());
    const count = storeLimits.eventsMax * 2 + 10;
    const appended = Array.from({ length: count }, (_, atMs) =>
      store.write(epoch, [{ kind: "appendEvent", event: { atMs, kind: "k", message: "", fields: {} } }]),
    );
    await Promise.all(appended);
    const times = (await store.load()).events.map(({ atMs }) => atMs);
    expect(times).toEqual(Array.from({ length: storeLimits.eventsMax }, (_, index) => index + count - 1_000));
  });

  it("refuses everything once closed", async () => {
    const { store, epoch } = await writable(await fresh());
    await store.close();
    await store.close();
    await expect(store.write(epoch, [{ kind: "putNodes", nodes: [sampleNode()] }])).rejects.toMatchObject({
      code: "unavailable",
    });
    await expect(store.load()).rejects.toMatchObject({ code: "unavailable" });
  });
};

const leaseCases = (fresh: Fresh, ttlMs: number): void => {
  it("goes to one holder at a time and says who has it", async () => {
    const { store } = await writable(await fresh(), "a", ttlMs);
    const outcome = await store.claimLease("b", ttlMs);
    expect(outcome).toEqual({ granted: false, holder: "a", remainingMs: expect.any(Number) as number });
    const remainingMs = outcome.granted ? 0 : outcome.remainingMs;
    expect(remainingMs).toBeGreaterThan(0);
    expect(remainingMs).toBeLessThanOrEqual(ttlMs);
  });

  it("passes on once it has expired, with a higher epoch", async () => {
    const harness = await fresh();
    const { store, epoch } = await writable(harness, "a", ttlMs);
    await harness.advance(ttlMs + 10);
    expect(await claim(store, "b", ttlMs)).toBeGreaterThan(epoch);
  });

  it("lasts as long as it is renewed", async () => {
    const harness = await fresh();
    const { store, epoch } = await writable(harness, "a", ttlMs);
    for (let renewals = 0; renewals < 4; renewals += 1) {
      await harness.advance(ttlMs * 0.6);
      await store.renewLease({ holder: "a", epoch }, ttlMs);
    }
    expect(await store.claimLease("b", ttlMs)).toMatchObject({ granted: false, holder: "a" });
  });

  it("stays valid after its time while nobody else claims it", async () => {
    const harness = await fresh();
    const { store, epoch } = await writable(harness, "a", ttlMs);
    await harness.advance(ttlMs * 3);
    await store.write(epoch, [{ kind: "putNodes", nodes: [sampleNode()] }]);
    await store.renewLease({ holder: "a", epoch }, ttlMs);
    expect(await store.claimLease("b", ttlMs)).toMatchObject({ granted: false });
  });

  it("is free at once when released, and its epoch is over", async () => {
    const { store, epoch } = await writable(await fresh(), "a", ttlMs);
    await store.releaseLease({ holder: "a", epoch });
    await expect(store.write(epoch, [{ kind: "putNodes", nodes: [sampleNode()] }])).rejects.toEqual(stale);
    await expect(store.renewLease({ holder: "a", epoch }, ttlMs)).rejects.toEqual(stale);
    expect(await claim(store, "b", ttlMs)).toBeGreaterThan(epoch);
  });

  it("has the wall clock as its epoch, so that epochs rise even where all data is lost", async () => {
    const harness = await fresh();
    const { epoch } = await writable(harness, "a", ttlMs);
    expect(Math.abs(epoch - harness.wallMs())).toBeLessThan(5_000);
  });

  it("rises with every claim, by the same holder and after reopening too", async () => {
    const harness = await fresh();
    const { store, epoch } = await writable(harness, "a", ttlMs);
    const again = await claim(store, "a", ttlMs);
    expect(again).toBeGreaterThan(epoch);
    await store.releaseLease({ holder: "a", epoch: again });
    await store.close();
    expect((await writable(harness, "a", ttlMs)).epoch).toBeGreaterThan(again);
  });
};

const fencingCases = (fresh: Fresh, ttlMs: number): void => {
  it("refuses writes before there is a lease, and with an epoch from the future", async () => {
    const store = await (await fresh()).open();
    await expect(store.write(0, [{ kind: "putNodes", nodes: [sampleNode()] }])).rejects.toEqual(stale);
    const epoch = await claim(store, "a", ttlMs);
    await expect(store.write(epoch + 1, [{ kind: "putNodes", nodes: [sampleNode()] }])).rejects.toEqual(stale);
    expect(await store.load()).toEqual(empty);
  });

  it("refuses every mutation of a former holder, and changes nothing", async () => {
    const harness = await fresh();
    const { store, epoch } = await writable(harness, "a", ttlMs);
    const [node, actor] = [sampleNode(), sampleActor()];
    const entry = { namespace: "n", key: "k", value: new Uint8Array([1]) };
    await store.write(epoch, [{ kind: "putNodes", nodes: [node] }]);
    await store.write(epoch, [{ kind: "putActors", actors: [actor] }]);
    await store.write(epoch, [{ kind: "putKv", ...entry }]);
    await harness.advance(ttlMs + 10);
    await claim(store, "b", ttlMs);
    const before = await store.load();
    const refused = [
      store.write(epoch, [{ kind: "putNodes", nodes: [sampleNode()] }]),
      store.write(epoch, [{ kind: "deleteNodes", nodeIds: [node.nodeId] }]),
      store.write(epoch, [{ kind: "putActors", actors: [sampleActor()] }]),
      store.write(epoch, [{ kind: "deleteActors", actorIds: [actor.actorId] }]),
      store.write(epoch, [{ kind: "putKv", ...entry, key: "other" }]),
      store.write(epoch, [{ kind: "deleteKv", namespace: "n", key: "k" }]),
      store.write(epoch, [{ kind: "putRouting", snapshot: sampleRouting(9) }]),
      store.write(epoch, [{ kind: "appendEvent", event: { atMs: 0, kind: "k", message: "", fields: {} } }]),
      store.renewLease({ holder: "a", epoch }, ttlMs),
      store.releaseLease({ holder: "a", epoch }),
    ];
    for (const result of await Promise.allSettled(refused)) {
      expect(result).toMatchObject({ status: "rejected", reason: { code: "stale_epoch" } });
    }
    expect(await store.load()).toEqual(before);
  });

  it("does not let another holder renew or release with a stolen epoch", async () => {
    const { store, epoch } = await writable(await fresh(), "a", ttlMs);
    await expect(store.renewLease({ holder: "b", epoch }, ttlMs)).rejects.toEqual(stale);
    await expect(store.releaseLease({ holder: "b", epoch })).rejects.toEqual(stale);
    await store.write(epoch, [{ kind: "putNodes", nodes: [sampleNode()] }]);
  });
};
