import type { Link } from "../../rpc/types.ts";

/**
 * How many requests the replica works on, over all links.
 * A1: never more than `max_ongoing_requests` at once, whoever asks.
 * A2: every link's `localLoad` is this number, so that callers learn it from any frame.
 */
export class Admission {
  #max: number;
  #ongoing = 0;
  #draining = false;
  /** Requests whose time was up before their code could run. */
  expired = 0;
  readonly #links: Link[] = [];
  #onIdle: (() => void) | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  get ongoing(): number {
    return this.#ongoing;
  }

  /** Counts a request in; false: full or draining, it must be rejected. */
  tryEnter(): boolean {
    if (this.#draining || this.#ongoing >= this.#max) return false;
    this.#set(this.#ongoing + 1);
    return true;
  }

  leave(): void {
    this.#set(this.#ongoing - 1);
    if (this.#ongoing === 0) this.#onIdle?.();
  }

  setMax(max: number): void {
    this.#max = max;
  }

  addLink(link: Link): void {
    link.localLoad = this.#ongoing;
    this.#links.push(link);
    link.onClose(() => {
      const index = this.#links.indexOf(link);
      if (index !== -1) this.#links.splice(index, 1);
    });
  }

  /** Takes nothing new from here on; resolves once nothing is left. */
  drain(): Promise<void> {
    this.#draining = true;
    return new Promise((resolve) => {
      if (this.#ongoing === 0) resolve();
      else this.#onIdle = resolve;
    });
  }

  #set(ongoing: number): void {
    this.#ongoing = ongoing;
    for (const link of this.#links) link.localLoad = ongoing;
  }
}
