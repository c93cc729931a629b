import type { Clock, Timer } from "../../base/clock.ts";
import { gcsLimits } from "../limits.ts";

/** A live node that is not this control store's own. */
export interface OtherNode {
  /** It has a control store of its own, which could take over. */
  readonly mayLead: boolean;
  readonly connected: boolean;
}

/** What the watch looks at, and tells. */
export interface IsolationDeps {
  others(): readonly OtherNode[];
  readonly clock: Clock;
  /** Called once at most. */
  readonly onIsolated: (reason: string) => void;
}

/**
 * Notices that a leader has lost every other node at once, one that could lead among them. More likely than all of their
 * deaths is that it is cut off itself, and that they are better off with another leader, if that one reaches the store.
 * Where they did die, nobody takes the lease, and the next life of this control store has it again. A leader that still
 * has its standby stays: the Serve controller would stay with its node, and reach no more than before.
 */
export class Isolation {
  readonly #deps: IsolationDeps;
  #timer: Timer | undefined;
  #over = false;

  constructor(deps: IsolationDeps) {
    this.#deps = deps;
  }

  /** To be called when a link broke. Those to one network break within a moment, and some come back at once. */
  look(): void {
    if (this.#timer !== undefined || this.#over || !this.#isAlone()) return;
    this.#timer = this.#deps.clock.after(gcsLimits.isolatedAfterMs, () => {
      this.#timer = undefined;
      if (this.#over || !this.#isAlone()) return;
      this.#over = true;
      this.#deps.onIsolated("every other node was lost at once");
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#over = true;
  }

  #isAlone(): boolean {
    const others = this.#deps.others();
    return (
      others.length >= gcsLimits.isolatedFromMin &&
      others.some(({ mayLead }) => mayLead) &&
      others.every(({ connected }) => !connected)
    );
  }
}
