import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newNodeId, newWorkerId } from "../../base/ids.ts";
import type { ActorRecord, ActorSpec, DeathCause } from "../../protocol/actor.ts";
import { sampleActor } from "../../store/sample-records.ts";
import { type Decision, decide, type LifecycleEffect, type LifecycleEvent, phaseOf } from "./lifecycle.ts";
import { newActor } from "./new-actor.ts";

const [nodeA, nodeB] = [newNodeId(), newNodeId()];
const [worker1, worker2, worker3] = [newWorkerId(), newWorkerId(), newWorkerId()];
const addresses = { unix: "unix:/a", tcp: "tcp:127.0.0.1:9" };
const crash: DeathCause = { kind: "CRASHED", message: "boom", exitCode: 1 };

const fresh = (spec: Partial<ActorSpec> = {}): ActorRecord => newActor({ ...sampleActor().spec, ...spec }, 1);

/** Runs events through; the effects are those of the last one. */
const after = (
  record: ActorRecord,
  ...events: LifecycleEvent[]
): { record: ActorRecord; effects: readonly LifecycleEffect[] } => {
  let last: { record: ActorRecord; effects: readonly LifecycleEffect[] } = { record, effects: [] };
  for (const event of events) last = decide(last.record, event, 50);
  return last;
};

const placed = (nodeId = nodeA): LifecycleEvent => ({ kind: "placed", nodeId });
const ready = (workerId = worker1, nodeId = nodeA): LifecycleEvent => {
  return { kind: "ready", nodeId, workerId, pid: 7, addresses };
};
const exited = (workerId = worker1, nodeId = nodeA, cause = crash): LifecycleEvent => {
  return { kind: "exited", nodeId, workerId, cause };
};
const stop = (noRestart: boolean, replace = true): LifecycleEvent => {
  return { kind: "stop", noRestart, replace, graceMs: 5, reason: "asked" };
};
const nodeDied = (nodeId = nodeA): LifecycleEvent => ({ kind: "nodeDied", nodeId, message: "gone" });

describe("a new actor", () => {
  it("is placed, started and alive", () => {
    const started = after(fresh(), placed());
    expect(started.effects).toEqual([{ kind: "start", nodeId: nodeA }]);
    expect(started.record).toMatchObject({ state: "PENDING_CREATION", nodeId: nodeA });
    expect(after(started.record, ready()).record).toMatchObject({
      state: "ALIVE",
      workerId: worker1,
      pid: 7,
      addresses,
    });
  });

  it("is placed elsewhere when its node refuses it or dies, and that is no restart", () => {
    const refused = after(fresh(), placed(), { kind: "refused", nodeId: nodeA, reason: "full" });
    expect(refused.record).toMatchObject({
      state: "PENDING_CREATION",
      nodeId: null,
      pendingReason: "full",
      restarts: 0,
    });
    expect(refused.effects).toEqual([{ kind: "place", crashed: false }]);
    const orphaned = after(fresh(), placed(), nodeDied());
    expect(orphaned.record).toMatchObject({ state: "PENDING_CREATION", nodeId: null, restarts: 0 });
  });

  it("that cannot be created is dead with the cause when it may not restart", () => {
    const cause: DeathCause = { kind: "CREATION_FAILED", message: "no such export" };
    const dead = after(fresh(), placed(), exited(worker1, nodeA, cause));
    expect(dead.record).toMatchObject({ state: "DEAD", deathCause: cause, endMs: 50 });
    expect(dead.effects).toEqual([]);
  });
});

describe("an actor that ends", () => {
  it("restarts under its id as often as it may, and is out of the routing at once", () => {
    const alive = after(fresh({ maxRestarts: 1 }), placed(), ready()).record;
    const restarting = after(alive, exited());
    expect(restarting.record).toMatchObject({ state: "RESTARTING", nodeId: null, restarts: 1, actorId: alive.actorId });
    expect(restarting.effects).toEqual([{ kind: "down" }, { kind: "place", crashed: true }]);
    const again = after(restarting.record, placed(nodeB), ready(worker2, nodeB), exited(worker2, nodeB));
    expect(again.record).toMatchObject({ state: "DEAD", restarts: 1, deathCause: crash });
  });

  it("with its node restarts too, as no crash of its own", () => {
    const { record, effects } = after(fresh({ maxRestarts: -1 }), placed(), ready(), nodeDied());
    expect(record).toMatchObject({ state: "RESTARTING", restarts: 1, deathCause: { kind: "NODE_DIED" } });
    expect(effects).toContainEqual({ kind: "place", crashed: false });
  });

  it("is not touched by late reports of an earlier process or of another node", () => {
    const second = after(fresh({ maxRestarts: -1 }), placed(), ready(), exited(), placed(), exited()).record;
    expect(second).toMatchObject({ state: "RESTARTING", restarts: 1, nodeId: nodeA });
    const alive = after(second, ready(worker2)).record;
    for (const event of [exited(worker1), exited(worker2, nodeB), nodeDied(nodeB), exited(worker3)]) {
      expect(after(alive, event)).toEqual({ record: alive, effects: [] });
    }
  });

  it("and is missing from its node's inventory has crashed; one that had not started is placed again", () => {
    const missing: LifecycleEvent = { kind: "missing", nodeId: nodeA };
    expect(after(fresh(), placed(), ready(), missing).record).toMatchObject({
      state: "DEAD",
      deathCause: { kind: "CRASHED" },
    });
    expect(after(fresh(), placed(), missing).record).toMatchObject({ state: "PENDING_CREATION", nodeId: null });
  });
});

describe("a kill", () => {
  it("with restart stops the process and the actor comes back", () => {
    const alive = after(fresh({ maxRestarts: -1 }), placed(), ready()).record;
    const killed = after(alive, stop(false));
    expect(killed.effects).toEqual([{ kind: "stop", nodeId: nodeA, graceMs: 5, reason: "asked" }]);
    expect(after(killed.record, exited()).record.state).toBe("RESTARTING");
  });

  it("for good ends it, however it ends after that, with the reason given", () => {
    for (const state of [[], [ready()]]) {
      for (const ending of [exited(), nodeDied(), { kind: "missing", nodeId: nodeA } as const]) {
        const { record, effects } = after(fresh({ maxRestarts: -1 }), placed(), ...state, stop(true), ending);
        expect(record).toMatchObject({ state: "DEAD", deathCause: { kind: "KILLED", message: "asked" } });
        expect(record.stopRequested).toBeUndefined();
        expect(effects.some(({ kind }) => kind === "place" || kind === "replace")).toBe(false);
      }
    }
  });

  it("of an actor without a process is its end at once", () => {
    expect(after(fresh(), stop(true)).record).toMatchObject({ state: "DEAD" });
    expect(after(fresh(), stop(false)).record).toMatchObject({ state: "PENDING_CREATION" });
  });

  it("of an actor to keep asks for a successor; its removal does not, whichever came first", () => {
    const alive = after(fresh({ keep: true, maxRestarts: -1 }), placed(), ready()).record;
    expect(after(alive, stop(true), exited()).effects).toEqual([{ kind: "down" }, { kind: "replace" }]);
    expect(after(alive, stop(true, false), exited()).effects).toEqual([{ kind: "down" }]);
    expect(after(alive, stop(true, false), stop(true), exited()).effects).toEqual([{ kind: "down" }]);
  });
});

describe("a node that has an actor it should not have", () => {
  it("is told to stop it", () => {
    const elsewhere = after(
      fresh({ maxRestarts: -1 }),
      placed(),
      ready(),
      nodeDied(),
      placed(nodeB),
      ready(worker2, nodeB),
    );
    const back = after(elsewhere.record, ready(worker1, nodeA));
    expect(back.record).toBe(elsewhere.record);
    expect(back.effects).toMatchObject([{ kind: "stop", nodeId: nodeA }]);
    const dead = after(fresh(), stop(true)).record;
    expect(after(dead, ready()).effects).toMatchObject([{ kind: "stop", nodeId: nodeA }]);
  });

  it("keeps it when nothing has replaced it yet", () => {
    const orphan = after(fresh({ maxRestarts: -1 }), placed(), ready(), nodeDied()).record;
    const adopted = after(orphan, { ...ready(), restarts: 0 } as LifecycleEvent);
    expect(adopted.record).toMatchObject({ state: "ALIVE", nodeId: nodeA, restarts: 1 });
  });
});

describe("any sequence of events", () => {
  const events = fc.oneof(
    fc.constantFrom(
      placed(nodeA),
      placed(nodeB),
      nodeDied(nodeA),
      nodeDied(nodeB),
      stop(true),
      stop(false),
      stop(true, false),
    ),
    fc.constantFrom(
      ...[worker1, worker2, worker3].flatMap((worker) => [
        ready(worker),
        ready(worker, nodeB),
        exited(worker),
        exited(worker, nodeB),
      ]),
    ),
    fc.constantFrom<LifecycleEvent>(
      { kind: "missing", nodeId: nodeA },
      { kind: "refused", nodeId: nodeB, reason: "no" },
      { kind: "starting", nodeId: nodeA, restarts: 3 },
      { kind: "abandoned", message: "late" },
    ),
  );

  it("keeps the records sound: dead stays dead, restarts never fall and stay in bounds, only one node has it", () => {
    const property = fc.property(
      fc.integer({ min: -1, max: 2 }),
      fc.boolean(),
      fc.array(events),
      (maxRestarts, keep, sequence) => {
        let record = fresh({ maxRestarts, keep });
        for (const event of sequence) {
          const decision = decide(record, event, 9);
          expect(unsound(record, event, decision)).toEqual([]);
          record = decision.record;
        }
      },
    );
    expect(fc.check(property).counterexample).toBeNull();
  });
});

/** What is wrong with a transition. */
const unsound = (before: ActorRecord, event: LifecycleEvent, { record, effects }: Decision): string[] => {
  const { maxRestarts } = before.spec;
  const isCounted = event.kind !== "starting" && maxRestarts !== -1 && before.restarts <= maxRestarts;
  const has = (kind: LifecycleEffect["kind"]): boolean => effects.some((effect) => effect.kind === kind);
  const wasPlaced = phaseOf(before).kind !== "unplaced";
  const rules: Record<string, boolean> = {
    "dead stays dead": before.state !== "DEAD" || record === before,
    "restarts never fall": record.restarts >= before.restarts,
    "restarts stay in bounds": !isCounted || record.restarts <= maxRestarts,
    "alive is what has addresses": (record.state === "ALIVE") === (record.addresses !== null),
    "alive has a node": record.state !== "ALIVE" || record.nodeId !== null,
    "dead is what has an end": (record.state === "DEAD") === (record.endMs !== null),
    "going down is told": before.state !== "ALIVE" || record.state === "ALIVE" || has("down"),
    "who loses its node is placed": phaseOf(record).kind !== "unplaced" || !wasPlaced || has("place"),
  };
  return Object.keys(rules).filter((rule) => rules[rule] === false);
};
