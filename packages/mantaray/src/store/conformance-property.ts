import * as fc from "fast-check";
import { expect } from "vitest";
import type { ActorRecord } from "../protocol/actor.ts";
import type { ClusterEvent } from "../protocol/gcs.ts";
import type { NodeRecord } from "../protocol/node.ts";
import type { RoutingSnapshot } from "../protocol/routing.ts";
import type { ControlStore } from "./control-store.ts";
import { storeLimits } from "./limits.ts";
import { sampleActor, sampleNode, sampleRouting } from "./sample-records.ts";
import type { StoreHarness } from "./store-harness.ts";

/** Any sequence of calls leaves the store as it leaves plain maps; a reopening changes nothing. */
export const conformanceProperty = (create: () => Promise<StoreHarness>): fc.IAsyncProperty<[readonly Step[]]> =>
  fc.asyncProperty(fc.array(steps, { maxLength: 60 }), async (sequence) => {
    const harness = await create();
    const run: Run = { store: await harness.open(), epoch: 0, staleEpoch: 0, model: emptyModel(), pending: [] };
    try {
      await reclaim(run);
      for (const step of sequence) await take(step, run, harness);
      await expectModel(run);
    } finally {
      await run.store.close();
      await harness.destroy();
    }
  });

// A small pool, so that sequences overwrite and delete what they wrote.
const nodes = Array.from({ length: 3 }, () => sampleNode());
const actors = Array.from({ length: 4 }, () => sampleActor());
const slot = fc.nat({ max: 3 });
const number = fc.nat({ max: 1_000 });

const steps = fc.oneof(
  fc.record({ do: fc.constant("putNode" as const), slot: fc.nat({ max: 2 }), number }),
  fc.record({ do: fc.constant("deleteNode" as const), slot: fc.nat({ max: 2 }) }),
  fc.record({ do: fc.constant("putActors" as const), slots: fc.array(slot, { maxLength: 4 }), number }),
  fc.record({ do: fc.constant("deleteActors" as const), slots: fc.array(slot, { maxLength: 4 }) }),
  fc.record({ do: fc.constant("putKv" as const), key: fc.string({ maxLength: 2 }), value: fc.uint8Array() }),
  fc.record({ do: fc.constant("deleteKv" as const), key: fc.string({ maxLength: 2 }) }),
  fc.record({ do: fc.constant("putRouting" as const), number }),
  fc.record({ do: fc.constant("appendEvent" as const), number }),
  fc.record({ do: fc.constant("staleWrite" as const) }),
  fc.record({ do: fc.constant("reclaim" as const) }),
  fc.record({ do: fc.constant("settle" as const) }),
  fc.record({ do: fc.constant("reopen" as const) }),
);
type Step = typeof steps extends fc.Arbitrary<infer S> ? S : never;

interface Model {
  readonly nodes: Map<string, NodeRecord>;
  readonly actors: Map<string, ActorRecord>;
  readonly kv: Map<string, Uint8Array>;
  readonly events: ClusterEvent[];
  routing: RoutingSnapshot | null;
}

interface Run {
  store: ControlStore;
  epoch: number;
  staleEpoch: number;
  readonly model: Model;
  pending: Promise<void>[];
}

const emptyModel = (): Model => ({ nodes: new Map(), actors: new Map(), kv: new Map(), events: [], routing: null });

const take = async (step: Step, run: Run, harness: StoreHarness): Promise<void> => {
  if (step.do === "staleWrite") {
    await expect(run.store.write(run.staleEpoch, [{ kind: "putNodes", nodes: [sampleNode()] }])).rejects.toMatchObject({
      code: "stale_epoch",
    });
  } else if (step.do === "reclaim") {
    await reclaim(run);
  } else if (step.do === "settle") {
    await settle(run);
  } else if (step.do === "reopen") {
    await run.store.close();
    await settle(run);
    run.store = await harness.open();
    await reclaim(run);
  } else {
    run.pending.push(write(step, run));
  }
};

type Write = Exclude<Step, { do: "staleWrite" | "reclaim" | "settle" | "reopen" }>;

const write = async (step: Write, { store, epoch, model }: Run): Promise<void> => {
  switch (step.do) {
    case "putNode": {
      const node = { ...pick(nodes, step.slot), startMs: step.number };
      model.nodes.set(node.nodeId, node);
      await store.write(epoch, [{ kind: "putNodes", nodes: [node] }]);
      break;
    }
    case "deleteNode": {
      const { nodeId } = pick(nodes, step.slot);
      model.nodes.delete(nodeId);
      await store.write(epoch, [{ kind: "deleteNodes", nodeIds: [nodeId] }]);
      break;
    }
    case "putActors": {
      const records = step.slots.map((each) => ({ ...pick(actors, each), restarts: step.number }));
      for (const actor of records) model.actors.set(actor.actorId, actor);
      await store.write(epoch, [{ kind: "putActors", actors: records }]);
      break;
    }
    case "deleteActors": {
      const ids = step.slots.map((each) => pick(actors, each).actorId);
      for (const actorId of ids) model.actors.delete(actorId);
      await store.write(epoch, [{ kind: "deleteActors", actorIds: ids }]);
      break;
    }
    case "putKv":
      model.kv.set(step.key, step.value);
      await store.write(epoch, [{ kind: "putKv", namespace: "n", key: step.key, value: step.value }]);
      break;
    case "deleteKv":
      model.kv.delete(step.key);
      await store.write(epoch, [{ kind: "deleteKv", namespace: "n", key: step.key }]);
      break;
    case "putRouting":
      model.routing = sampleRouting(step.number + 1, actors);
      await store.write(epoch, [{ kind: "putRouting", snapshot: model.routing }]);
      break;
    case "appendEvent": {
      const event = { atMs: step.number, kind: "k", message: "m", fields: {} };
      model.events.push(event);
      await store.write(epoch, [{ kind: "appendEvent", event }]);
      break;
    }
  }
};

const pick = <T>(pool: readonly T[], index: number): T => {
  const item = pool[index];
  if (item === undefined) throw new Error(`the pool has no item ${index}`);
  return item;
};

const settle = async (run: Run): Promise<void> => {
  await Promise.all(run.pending);
  run.pending = [];
};

const reclaim = async (run: Run): Promise<void> => {
  const claim = await run.store.claimLease("model", storeLimits.leaseTtlMs);
  if (!claim.granted) throw new Error("the only holder was refused the lease");
  run.staleEpoch = run.epoch;
  run.epoch = claim.epoch;
};

const expectModel = async ({ store, model }: Run): Promise<void> => {
  const tables = await store.load();
  expect(new Map(tables.nodes.map((node) => [node.nodeId, node]))).toEqual(model.nodes);
  expect(new Map(tables.actors.map((actor) => [actor.actorId, actor]))).toEqual(model.actors);
  const kv = new Map(tables.kv.map(({ key, value }) => [key, hex(value)]));
  expect(kv).toEqual(new Map([...model.kv].map(([key, value]) => [key, hex(value)])));
  expect(tables.routing).toEqual(model.routing);
  expect(tables.events).toEqual(model.events);
};

const hex = (value: Uint8Array): string => Buffer.from(value).toString("hex");
