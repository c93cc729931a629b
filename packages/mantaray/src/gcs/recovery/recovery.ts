import type { Clock, Timer } from "../../base/clock.ts";
import type { NodeId } from "../../base/ids.ts";

/** Options of a recovery. */
export interface RecoveryOptions {
  /** The nodes that lived when the control store was last there. */
  readonly expected: readonly { readonly nodeId: NodeId }[];
  readonly clock: Clock;
  /** How long to wait for them. */
  readonly waitMs: number;
  /** Called once: with the nodes that did not come. */
  readonly onEnd: (missing: readonly NodeId[]) => void;
}

/**
 * The time between the start of a control store and the moment when it has heard from everybody it
 * knows, or the wait is over. Until then nothing is placed and no node is declared dead.
 */
export class Recovery {
  readonly #options: RecoveryOptions;
  readonly #waiting: Set<NodeId>;
  readonly #givenUp = new Set<NodeId>();
  readonly #ended = Promise.withResolvers<void>();
  #timer: Timer | undefined;
  #active = true;

  constructor(options: RecoveryOptions) {
    this.#options = options;
    this.#waiting = new Set(options.expected.map(({ nodeId }) => nodeId));
  }

  /** True until `onEnd` was called. */
  get active(): boolean {
    return this.#active;
  }

  /** Resolves when it is no longer active. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  start(): void {
    if (this.#waiting.size === 0) {
      this.#end();
      return;
    }
    this.#timer = this.#options.clock.after(this.#options.waitMs, () => this.#end());
  }

  /** Ends the wait for nobody in particular: the process stops. */
  cancel(): void {
    this.#timer?.cancel();
    this.#active = false;
    this.#ended.resolve();
  }

  /** A node is here, or known to be dead: it is not waited for. */
  settled(nodeId: NodeId): void {
    this.#waiting.delete(nodeId);
    this.#givenUp.delete(nodeId);
    this.#endIfDone();
  }

  /** A node will not come. */
  giveUp(nodeId: NodeId): void {
    if (!this.#active || !this.#waiting.delete(nodeId)) return;
    this.#givenUp.add(nodeId);
    this.#endIfDone();
  }

  /** A node that was here is away again, longer than it should: it has the rest of the wait. */
  lost(nodeId: NodeId): void {
    if (this.#active) this.#waiting.add(nodeId);
  }

  #endIfDone(): void {
    if (this.#active && this.#timer !== undefined && this.#waiting.size === 0) this.#end();
  }

  #end(): void {
    if (!this.#active) return;
    this.#active = false;
    this.#timer?.cancel();
    this.#options.onEnd([...this.#givenUp, ...this.#waiting]);
    this.#ended.resolve();
  }
}
