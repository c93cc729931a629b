import type { Clock, Timer } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import type { Link } from "./types.ts";

/** What a round is made of. */
export interface DialRoundOptions {
  /** In the order in which they are tried. */
  readonly addresses: readonly string[];
  /** Dials and sets the link up; rejects when the signal fires. */
  readonly dial: (address: string, signal: AbortSignal) => Promise<Link>;
  /** An address that has not answered for this long no longer holds up the next one. */
  readonly staggerMs: number;
  readonly clock: Clock;
  /** Ends the round without a link. */
  readonly signal: AbortSignal;
  readonly onError: (address: string, error: MantaError) => void;
}

/**
 * Tries every address once and resolves with the first link whose set-up is done, or with undefined when there
 * is none. A peer that refuses as `not_leader` and names the leader is believed: that address is next. One that
 * hangs (a stopped machine takes connections and says nothing) delays the others by the stagger only.
 */
export const dialRound = (options: DialRoundOptions): Promise<{ link: Link; address: string } | undefined> =>
  new Promise((resolve) => new Round(options, resolve).next());

class Round {
  readonly #options: DialRoundOptions;
  readonly #resolve: (found: { link: Link; address: string } | undefined) => void;
  readonly #queue: string[];
  readonly #tried = new Set<string>();
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  #open = 0;
  #stagger: Timer | undefined;

  constructor(options: DialRoundOptions, resolve: Round["finish"]) {
    this.#options = options;
    this.#resolve = resolve;
    this.#queue = [...options.addresses];
    this.#signal = AbortSignal.any([options.signal, this.#over.signal]);
  }

  next(): void {
    this.#stagger?.cancel();
    if (this.#over.signal.aborted) return;
    if (this.#options.signal.aborted) this.#queue.length = 0;
    const address = this.#queue.shift();
    if (address === undefined) {
      if (this.#open === 0) this.finish(undefined);
    } else if (this.#tried.has(address)) {
      this.next();
    } else {
      this.#try(address);
    }
  }

  finish(found: { link: Link; address: string } | undefined): void {
    this.#stagger?.cancel();
    this.#over.abort();
    this.#resolve(found);
  }

  #try(address: string): void {
    const { dial, clock, staggerMs, onError } = this.#options;
    this.#tried.add(address);
    this.#open += 1;
    this.#stagger = clock.after(staggerMs, () => this.next());
    void this.#await(address, dial(address, this.#signal), onError);
  }

  async #await(address: string, dialing: Promise<Link>, onError: DialRoundOptions["onError"]): Promise<void> {
    try {
      const link = await dialing;
      if (this.#over.signal.aborted) link.close("another address was faster");
      else this.finish({ link, address });
    } catch (thrown) {
      this.#open -= 1;
      if (this.#over.signal.aborted) return;
      const error = MantaError.from(thrown);
      onError(address, error);
      const leader = leaderOf(error);
      if (leader !== undefined) this.#queue.unshift(leader);
      this.next();
    }
  }
}

/** Where a standby says that the leader is. */
const leaderOf = ({ code, details }: MantaError): string | undefined =>
  code === "not_leader" && typeof details.leader === "string" && /^(tcp|unix):/.test(details.leader)
    ? details.leader
    : undefined;
