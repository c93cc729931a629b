import { isDeepStrictEqual } from "node:util";
import { MantaError } from "../../base/errors.ts";
import type { ActorId } from "../../base/ids.ts";
import type { RoutingSnapshot } from "../../protocol/routing.ts";
import type { Ledger } from "../state/ledger.ts";

/** The newest routing snapshot. */
export class RoutingTable {
  #snapshot: RoutingSnapshot | null = null;
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Takes what the store has; nothing is written. */
  restore(snapshot: RoutingSnapshot | null): void {
    this.#snapshot = snapshot;
  }

  get snapshot(): RoutingSnapshot | null {
    return this.#snapshot;
  }

  /**
   * Takes a newer snapshot. The same one again changes nothing, so a publication may be repeated; any
   * other that is not newer is refused with `stale_epoch`: its writer has a successor.
   */
  put(snapshot: RoutingSnapshot): void {
    const present = this.#snapshot;
    if (present !== null && snapshot.version <= present.version) {
      if (isDeepStrictEqual(snapshot, present)) return;
      throw new MantaError(
        "stale_epoch",
        `snapshot.version: must be above ${present.version}, got ${snapshot.version}`,
        { details: { version: present.version } },
      );
    }
    this.#snapshot = snapshot;
    this.#ledger.write({ kind: "putRouting", snapshot });
  }

  /** Takes what a node holds when it is newer: the store has lost its own. Returns whether it was taken. */
  adopt(snapshot: RoutingSnapshot): boolean {
    if (snapshot.version <= (this.#snapshot?.version ?? 0)) return false;
    this.put(snapshot);
    return true;
  }

  /** The replicas that the snapshot still sends requests to. */
  actorIds(): ActorId[] {
    const deployments = Object.values(this.#snapshot?.deployments ?? {});
    return deployments.flatMap(({ replicas }) => replicas.map(({ actorId }) => actorId));
  }
}
