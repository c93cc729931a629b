import * as fc from "fast-check";
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

const rulesOf = (preferLocal: boolean): ChoiceRules => ({ maxOngoingRequests: 5, preferLocal, panic: false });

const choose = (replicas: readonly Replica[], rules: ChoiceRules, seed = 1): Replica | undefined =>
  new Chooser(seededRandom(seed)).choose(
    replicas,
    replicas.filter(({ local }) => local),
    rules,
  );

/** A set of replicas and a choice from it for which the statement does not hold; null when none is found. */
const counterexample = (
  countMax: number,
  statement: (replicas: readonly Replica[], chosen: Replica | undefined, rules: ChoiceRules) => boolean,
): unknown => {
  const property = fc.property(sketches(0, countMax), fc.boolean(), fc.integer(), (list, preferLocal, seed) => {
    const replicas = list.map(replicaOf);
    const rules = rulesOf(preferLocal);
    return statement(replicas, choose(replicas, rules, seed), rules);
  });
  return fc.check(property).counterexample;
};

const mayTake = (replica: Replica): boolean => replica.usable && !replica.blocked && replica.outstanding < 5;
const hasRoom = (replica: Replica): boolean =>
  mayTake(replica) && !replica.suspect && replica.outstanding + replica.othersLoad < 5;

describe("choice of a replica", () => {
  it("never exceeds the cap, and finds one whenever there is one", () => {
    expect(
      counterexample(60, (replicas, chosen) => (chosen === undefined ? !replicas.some(mayTake) : mayTake(chosen))),
    ).toBeNull();
  });

  it("takes a suspect or one that others filled only where nothing else is left", () => {
    expect(
      counterexample(60, (replicas, chosen) => !replicas.some(hasRoom) || (chosen !== undefined && hasRoom(chosen))),
    ).toBeNull();
  });

  it("stays on the node while there is room, with few replicas", () => {
    expect(
      counterexample(16, (replicas, chosen, rules) => {
        const near = replicas.some((replica) => replica.local && hasRoom(replica));
        return !rules.preferLocal || !near || chosen?.local === true;
      }),
    ).toBeNull();
  });

  it("takes the least loaded of few", () => {
    expect(
      counterexample(16, (replicas, chosen, rules) => {
        const least = Math.min(...replicas.map((replica) => costOf(replica, rules)));
        return chosen === undefined || costOf(chosen, rules) === least;
      }),
    ).toBeNull();
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
    const rules = { maxOngoingRequests: 1_000, preferLocal: false, panic: false };
    for (let request = 0; request < 10_000; request += 1) chooser.choose(replicas, [], rules)!.outstanding += 1;
    expect(Math.max(...replicas.map(({ outstanding }) => outstanding))).toBeLessThan(110);
  });

  it("chooses none among none", () => {
    expect(choose([], rulesOf(true))).toBeUndefined();
  });
});
