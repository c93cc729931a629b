import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newActorId, newNodeId } from "../../base/ids.ts";
import { seededRandom } from "../../base/random.ts";
import { type ChoiceRules, Chooser, costOf } from "./choice.ts";
import { Replica } from "./replica.ts";

interface Sketch {
  local: boolean;
  usable: boolean;
  blocked: boolean;
  suspect: boolean;
  outstanding: number;
  othersLoad: number;
}

const replicaOf = (sketch: Partial<Sketch> = {}): Replica => {
  const info = { replicaId: "r", actorId: newActorId(), nodeId: newNodeId(), addresses: { unix: "", tcp: "" } };
  const replica = new Replica(info, sketch.local ?? false);
  return Object.assign(replica, { usable: true, ...sketch });
};

const sketches = (minLength: number, maxLength: number) =>
  fc.array(
    fc.record({
      local: fc.boolean(),
      usable: fc.boolean(),
      blocked: fc.boolean(),
      suspect: fc.boolean(),
      outstanding: fc.nat(6),
      othersLoad: fc.nat(6),
    }),
    { minLength, maxLength },
  );

const rulesOf = (preferLocal: boolean): ChoiceRules => ({ maxOngoingRequests: 5, preferLocal });

const choose = (replicas: readonly Replica[], rules: ChoiceRules, seed = 1): Replica | undefined =>
  new Chooser(seededRandom(seed)).choose(
    replicas,
    replicas.filter(({ local }) => local),
    rules,
  );

const mayTake = (replica: Replica): boolean => replica.usable && !replica.blocked && replica.outstanding < 5;
const hasRoom = (replica: Replica): boolean =>
  mayTake(replica) && !replica.suspect && replica.outstanding + replica.othersLoad < 5;

describe("choice of a replica", () => {
  it("never exceeds the cap, and finds one whenever there is one", () => {
    fc.assert(
      fc.property(sketches(0, 60), fc.boolean(), fc.integer(), (list, preferLocal, seed) => {
        const replicas = list.map(replicaOf);
        const chosen = choose(replicas, rulesOf(preferLocal), seed);
        if (chosen === undefined) expect(replicas.some(mayTake)).toBe(false);
        else expect(mayTake(chosen)).toBe(true);
      }),
    );
  });

  it("takes a suspect or one that others filled only where nothing else is left", () => {
    fc.assert(
      fc.property(sketches(1, 60), fc.boolean(), fc.integer(), (list, preferLocal, seed) => {
        const replicas = list.map(replicaOf);
        const chosen = choose(replicas, rulesOf(preferLocal), seed);
        if (chosen !== undefined && replicas.some(hasRoom)) expect(hasRoom(chosen)).toBe(true);
      }),
    );
  });

  it("stays on the node while there is room, with few replicas", () => {
    fc.assert(
      fc.property(sketches(1, 16), fc.integer(), (list, seed) => {
        const replicas = list.map(replicaOf);
        const chosen = choose(replicas, rulesOf(true), seed);
        if (replicas.some((replica) => replica.local && hasRoom(replica))) expect(chosen?.local).toBe(true);
      }),
    );
  });

  it("takes the least loaded of few", () => {
    fc.assert(
      fc.property(sketches(1, 16), fc.integer(), (list, seed) => {
        const replicas = list.map(replicaOf);
        const chosen = choose(replicas, rulesOf(false), seed);
        const least = Math.min(...replicas.map((replica) => costOf(replica, rulesOf(false))));
        if (chosen !== undefined) expect(costOf(chosen, rulesOf(false))).toBe(least);
      }),
    );
  });

  it("lets equals take turns", () => {
    const replicas = [replicaOf(), replicaOf(), replicaOf()];
    const chooser = new Chooser(seededRandom(1));
    const turns = Array.from({ length: 9 }, () => replicas.indexOf(chooser.choose(replicas, [], rulesOf(false))!));
    expect(new Set(turns.slice(0, 3)).size).toBe(3);
    expect(turns.slice(3, 6)).toEqual(turns.slice(0, 3));
  });

  it("spreads over many: the most loaded stays near the mean", () => {
    const replicas = Array.from({ length: 100 }, () => replicaOf());
    const chooser = new Chooser(seededRandom(7));
    const rules = { maxOngoingRequests: 1_000, preferLocal: false };
    for (let request = 0; request < 10_000; request += 1) chooser.choose(replicas, [], rules)!.outstanding += 1;
    expect(Math.max(...replicas.map(({ outstanding }) => outstanding))).toBeLessThan(110);
  });

  it("chooses none among none", () => {
    expect(choose([], rulesOf(true))).toBeUndefined();
  });
});
