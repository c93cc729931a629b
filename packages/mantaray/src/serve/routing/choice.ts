import type { Random } from "../../base/random.ts";
import { randomBelow } from "../../base/random.ts";
import { routingLimits } from "./limits.ts";
import type { Replica } from "./replica.ts";

/** What one deployment's candidates have in common. */
export interface ChoiceRules {
  /** A replica never gets more of our requests than this at once. */
  readonly maxOngoingRequests: number;
  /** Replicas on our node first, as long as they have room. */
  readonly preferLocal: boolean;
  /** Too few are left: those that are avoided get what the others have no room for. */
  readonly panic: boolean;
}

// Ranks, best first: a rank beats any load.
const rank = 2 ** 32;
const notEligible = Number.POSITIVE_INFINITY;

/**
 * How undesirable a replica is: first its rank (local with room, with room, full by what others told us,
 * suspect), within a rank its load. Infinite when it may not be chosen at all: no link, it just rejected,
 * it holds as many of our requests as it may, or it is avoided.
 */
export const costOf = (replica: Replica, rules: ChoiceRules): number => {
  if (!replica.usable || replica.blocked || replica.outstanding >= rules.maxOngoingRequests) return notEligible;
  const load = replica.outstanding + replica.othersLoad;
  if (replica.trouble !== 0) {
    const { avoidance } = replica;
    if (avoidance !== "none" && !rules.panic && (avoidance === "avoided" || replica.outstanding > 0))
      return notEligible;
    if (replica.suspect || avoidance === "avoided") return 3 * rank + load;
  }
  if (load >= rules.maxOngoingRequests) return 2 * rank + load;
  return rules.preferLocal && !replica.local ? rank + load : load;
};

/**
 * Chooses among the replicas of one deployment. Few of them: the least loaded. Many: power of two choices,
 * which needs no full scan and does not herd several callers onto one replica.
 */
export class Chooser {
  readonly #random: Random;
  /** Where the next scan begins, so that equals take turns. */
  #start: number;

  constructor(random: Random) {
    this.#random = random;
    this.#start = randomBelow(random, 2 ** 16);
  }

  /** `local` is the part of `replicas` on our node. Undefined: none may be chosen now. */
  choose<R extends Replica>(replicas: readonly R[], local: readonly R[], rules: ChoiceRules): R | undefined {
    if (replicas.length > routingLimits.fullScanReplicasMax) {
      if (rules.preferLocal && local.length > 0) {
        const near = this.#probe(local, rules);
        if (near !== undefined && costOf(near, rules) < rank) return near;
      }
      const any = this.#probe(replicas, rules);
      if (any !== undefined && costOf(any, rules) < 2 * rank) return any;
    }
    return this.#scan(replicas, rules);
  }

  #probe<R extends Replica>(pool: readonly R[], rules: ChoiceRules): R | undefined {
    return pool.length <= routingLimits.fullScanReplicasMax ? this.#scan(pool, rules) : this.#sampleTwo(pool, rules);
  }

  #sampleTwo<R extends Replica>(pool: readonly R[], rules: ChoiceRules): R {
    const first = randomBelow(this.#random, pool.length);
    // Any but the first, each as likely.
    const other = (first + 1 + randomBelow(this.#random, pool.length - 1)) % pool.length;
    const one = pool[first]!;
    const two = pool[other]!;
    return costOf(two, rules) < costOf(one, rules) ? two : one;
  }

  #scan<R extends Replica>(pool: readonly R[], rules: ChoiceRules): R | undefined {
    const count = pool.length;
    if (count === 0) return undefined;
    this.#start = (this.#start + 1) % count;
    let best: R | undefined;
    let bestCost = notEligible;
    for (let step = 0; step < count; step += 1) {
      const index = this.#start + step;
      const replica = pool[index < count ? index : index - count]!;
      const cost = costOf(replica, rules);
      if (cost < bestCost) {
        best = replica;
        bestCost = cost;
      }
    }
    return best;
  }
}
