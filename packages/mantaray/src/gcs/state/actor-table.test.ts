import { describe, expect, it } from "vitest";
import type { ActorRecord } from "../../protocol/actor.ts";
import { sampleActor } from "../../store/sample-records.ts";
import { gcsLimits } from "../limits.ts";
import { ActorTable } from "./actor-table.ts";
import type { Ledger } from "./ledger.ts";

const open = (): ActorTable => new ActorTable({ write: () => undefined } as unknown as Ledger, () => undefined);

const named = (change: Partial<ActorRecord> = {}): ActorRecord => {
  const actor = sampleActor(change);
  return { ...actor, spec: { ...actor.spec, name: "n" } };
};

const dead = (endMs: number): ActorRecord => sampleActor({ state: "DEAD", startMs: 0, endMs });

describe("the table of actors", () => {
  it("gives a name to the one that came last, and not back to one that makes way for it", () => {
    const table = open();
    const [elder, younger] = [named({ startMs: 1 }), named({ startMs: 2 })];
    table.put(elder);
    table.put(younger);
    table.put({ ...elder, stopRequested: { replace: false, graceMs: 0, reason: "r" } });
    expect(table.live("default", "n")?.actorId).toBe(younger.actorId);
    table.put({ ...elder, state: "DEAD", endMs: 3 });
    expect(table.live("default", "n")?.actorId).toBe(younger.actorId);
  });

  it("restores names from the youngest that lives, whatever the order", () => {
    const [elder, younger] = [named({ startMs: 1 }), named({ startMs: 2 })];
    const died = named({ state: "DEAD", startMs: 3, endMs: 4 });
    for (const records of [
      [elder, younger, died],
      [died, younger, elder],
    ]) {
      const table = open();
      table.restore(records);
      expect(table.live("default", "n")?.actorId).toBe(younger.actorId);
    }
  });

  it("knows which actors may have died and been dropped: none while there is room for their rows", () => {
    const table = open();
    for (let endMs = 1; endMs < gcsLimits.deadActorsMax; endMs += 1) table.put(dead(endMs));
    expect(table.mayHaveDropped(0)).toBe(false);
    for (let more = 0; more < 3; more += 1) table.put(dead(gcsLimits.deadActorsMax + more));
    expect(table.mayHaveDropped(3)).toBe(true);
    expect(table.mayHaveDropped(4)).toBe(false);
  });
});
