import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { waitFor } from "../../base/wait.ts";
import type { TableMutation } from "../../store/index.ts";
import { storeLimits } from "../../store/index.ts";
import { FlakyStore, type StoreView } from "../fixtures/flaky-store.ts";
import { gcsLimits } from "../limits.ts";
import { Ledger } from "./ledger.ts";
import { StoreHealth } from "./store-health.ts";

interface Setup {
  readonly store: FlakyStore;
  readonly view: StoreView;
  readonly ledger: Ledger;
  readonly failures: string[];
}

const ledgers: Ledger[] = [];
afterEach(() => {
  for (const ledger of ledgers.splice(0)) ledger.stop();
});

const setUp = async (queueMax: number = gcsLimits.storeQueueMax): Promise<Setup> => {
  const store = await FlakyStore.open(systemClock);
  const view = store.view();
  const failures: string[] = [];
  let epoch = 0;
  const reclaim = async (): Promise<void> => {
    const claim = await view.claimLease("a", storeLimits.leaseTtlMs);
    if (claim.granted) epoch = claim.epoch;
  };
  await reclaim();
  const ledger = new Ledger({
    store: view,
    epoch: () => epoch,
    reclaim,
    health: new StoreHealth(systemClock, silentLog),
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    onFailure: ({ code }) => failures.push(code),
    queueMax,
  });
  ledgers.push(ledger);
  return { store, view, ledger, failures };
};

const put = (key: string, bytes = 1): TableMutation => ({
  kind: "putKv",
  namespace: "n",
  key,
  value: new Uint8Array(bytes),
});

const keysOf = async (store: FlakyStore): Promise<string[]> => (await store.load()).kv.map(({ key }) => key);

describe("a ledger", () => {
  it("has one write in flight and makes one step of what comes meanwhile", async () => {
    const { view, ledger, store } = await setUp();
    view.delayMs = 20;
    for (const key of ["a", "b"]) ledger.write(put(key));
    await waitFor(() => view.writes.length === 0 && ledger.pending, { timeoutMs: 1_000, what: "the first write" });
    await new Promise((resolve) => setImmediate(resolve));
    for (const key of ["c", "d", "e"]) ledger.write(put(key));
    await ledger.settled();
    expect(view.writes.map((step) => step.length)).toEqual([2, 3]);
    expect(await keysOf(store)).toEqual(["a", "b", "c", "d", "e"]);
    expect(ledger.pending).toBe(false);
  });

  it("cuts steps by their size", async () => {
    const { view, ledger } = await setUp();
    for (const key of ["a", "b", "c"]) ledger.write(put(key, gcsLimits.storeStepBytes / 2));
    await ledger.settled();
    expect(view.writes.map((step) => step.length)).toEqual([1, 1, 1]);
  });

  it("keeps what a store that is away has not taken, in order, and is through soon after it is back", async () => {
    const { view, ledger, store, failures } = await setUp();
    view.away = "it is down";
    ledger.write(put("a"));
    ledger.write(put("b"));
    await waitFor(() => !ledger.health.available, { timeoutMs: 1_000, what: "the first failure" });
    ledger.write({ kind: "deleteKv", namespace: "n", key: "a" });
    expect(ledger.health.reason).toBe("it is down");
    await waitFor(() => ledger.health.lost, { timeoutMs: 5_000, what: "the end of patience" });
    expect(() => ledger.admit()).toThrow(/is away for \d+\.\d s.*it is down/);
    await expect(ledger.settled()).rejects.toMatchObject({ code: "unavailable" });
    await ledger.orderable();
    view.away = "";
    const backMs = performance.now();
    await waitFor(() => !ledger.pending, { timeoutMs: 2_000, what: "the queue to be written" });
    expect(performance.now() - backMs).toBeLessThan(1_000);
    ledger.admit();
    expect(await keysOf(store)).toEqual(["b"]);
    expect(failures).toEqual([]);
  });

  it("that falls too far behind writes all tables instead", async () => {
    const { view, ledger, store } = await setUp(3);
    ledger.useTables(() => ["x", "y"].map((key) => put(key)));
    ledger.write(put("old"));
    await ledger.settled();
    view.away = "it is down";
    for (const key of ["a", "b", "c", "d", "e"]) ledger.write(put(key));
    view.away = "";
    await waitFor(() => !ledger.pending, { timeoutMs: 2_000, what: "everything to be written" });
    expect(await keysOf(store)).toEqual(["x", "y"]);
  });

  it("whose store was emptied takes the lease anew and writes all tables with the new epoch, then what came since", async () => {
    const { ledger, store, failures } = await setUp();
    ledger.useTables(() => [put("x", gcsLimits.storeStepBytes), put("y", gcsLimits.storeStepBytes)]);
    const before = ledger.epoch;
    await store.loseData();
    ledger.write(put("a"));
    await waitFor(() => ledger.epoch > before, { timeoutMs: 2_000, what: "the new epoch" });
    ledger.write(put("b"));
    await ledger.settled();
    expect(await keysOf(store)).toEqual(["x", "y", "b"]);
    expect(failures).toEqual([]);
  });

  it("whose lease has passed to somebody else writes nothing more", async () => {
    const { ledger, store, failures, view } = await setUp();
    await store.claimLease("a", storeLimits.leaseTtlMs);
    ledger.write(put("a"));
    await expect(ledger.settled()).rejects.toMatchObject({ code: "stale_epoch" });
    ledger.write(put("b"));
    await expect(ledger.orderable()).rejects.toMatchObject({ code: "stale_epoch" });
    expect(failures).toEqual(["stale_epoch"]);
    expect(view.writes).toEqual([]);
  });
});
