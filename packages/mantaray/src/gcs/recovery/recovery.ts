import type { Clock, Timer } from "../../base/clock.ts";
import type { NodeId } from "../../base/ids.ts";
import type { NodeRecord } from "../../protocol/node.ts";

/** Options of a recovery. */
export interface RecoveryOptions {
  /** The nodes that lived when the control store was last there. */
  readonly expected: readonly NodeRecord[];
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
  readonly #waiting: Map<NodeId, { isHead: boolean }>;
  #timer: Timer | undefined;
  #active = true;

  constructor(options: RecoveryOptions) {
    this.#options = options;
    this.#waiting = new Map(options.expected.map(({ nodeId, isHead }) => [nodeId, { isHead }]));
  }

  /** True until `onEnd` was called. */
  get active(): boolean {
    return this.#active;
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
  }

  /** A node is here. With a head here, no head of the past is waited for. */
  registered({ nodeId, isHead }: { readonly nodeId: NodeId; readonly isHead: boolean }): void {
    this.#waiting.delete(nodeId);
    if (isHead) {
      for (const [each, waiting] of this.#waiting) if (waiting.isHead) this.#waiting.delete(each);
    }
    if (this.#active && this.#timer !== undefined && this.#waiting.size === 0) this.#end();
  }

  /** A node that was here is away again, longer than it should: it has the rest of the wait. */
  lost({ nodeId, isHead }: { readonly nodeId: NodeId; readonly isHead: boolean }): void {
    if (this.#active) this.#waiting.set(nodeId, { isHead });
  }

  #end(): void {
    if (!this.#active) return;
    this.#active = false;
    this.#timer?.cancel();
    this.#options.onEnd([...this.#waiting.keys()]);
  }
}
