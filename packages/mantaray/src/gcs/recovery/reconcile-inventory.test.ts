import { describe, expect, it } from "vitest";
import { newNodeId, newWorkerId } from "../../base/ids.ts";
import type { ActorRecord } from "../../protocol/actor.ts";
import type { InventoryItem } from "../../protocol/node.ts";
import { sampleActor } from "../../store/sample-records.ts";
import { type Reconciliation, reconcileInventory } from "./reconcile-inventory.ts";

const nodeId = newNodeId();

const itemOf = ({ actorId, spec }: ActorRecord, change: Partial<InventoryItem> = {}): InventoryItem => ({
  actorId,
  workerId: newWorkerId(),
  pid: 5,
  state: "ALIVE",
  addresses: { unix: "unix:/x", tcp: "tcp:127.0.0.1:3" },
  restarts: 0,
  spec,
  startMs: 1,
  ...change,
});

const reconcile = (records: ActorRecord[], inventory: InventoryItem[]): Reconciliation =>
  reconcileInventory(nodeId, inventory, {
    get: (actorId) => records.find((record) => record.actorId === actorId),
    onNode: (wanted) => records.filter((record) => record.nodeId === wanted && record.state !== "DEAD"),
  });

describe("an inventory", () => {
  it("is believed about what lives, with addresses and restarts", () => {
    const actor = sampleActor({ nodeId });
    const item = itemOf(actor, { restarts: 2 });
    const { events, unwanted, adopted } = reconcile([actor], [item]);
    expect(events).toEqual([[actor.actorId, expect.objectContaining({ kind: "ready", nodeId, restarts: 2, pid: 5 })]]);
    expect(unwanted).toEqual([]);
    expect(adopted).toBe(1);
  });

  it("is believed about what starts", () => {
    const actor = sampleActor({ nodeId, state: "PENDING_CREATION", addresses: null });
    const { events } = reconcile([actor], [itemOf(actor, { state: "STARTING", addresses: null })]);
    expect(events).toEqual([[actor.actorId, { kind: "starting", nodeId, restarts: 0 }]]);
  });

  it("shows what is gone", () => {
    const actor = sampleActor({ nodeId });
    expect(reconcile([actor], []).events).toEqual([[actor.actorId, { kind: "missing", nodeId }]]);
  });

  it("holds unwanted actors: dead, or elsewhere now; and unknown ones, to be judged", () => {
    const dead = sampleActor({ nodeId, state: "DEAD", endMs: 1 });
    const elsewhere = sampleActor();
    const starting = sampleActor({ state: "RESTARTING" });
    const items = [dead, elsewhere, starting, sampleActor()].map((actor) => itemOf(actor));
    const { unwanted, events, unknown } = reconcile([dead, elsewhere, starting], items);
    expect(unwanted).toEqual(items.slice(0, 3).map(({ actorId }) => actorId));
    expect(unknown).toMatchObject([[items[3], { kind: "ready", nodeId, pid: 5 }]]);
    expect(events).toEqual([]);
  });

  it("gets back an actor that was not placed anywhere yet", () => {
    const orphan = sampleActor({ nodeId: null, state: "RESTARTING", addresses: null, restarts: 1 });
    const { events, unwanted } = reconcile([orphan], [itemOf(orphan)]);
    expect(unwanted).toEqual([]);
    expect(events).toMatchObject([[orphan.actorId, { kind: "ready" }]]);
  });

  it("repeats the order for an actor that was to end", () => {
    const actor = sampleActor({ nodeId, stopRequested: { replace: false, graceMs: 1, reason: "r" } });
    expect(reconcile([actor], [itemOf(actor)]).stopAgain).toEqual([actor.actorId]);
  });
});
