import { Backoff } from "../base/backoff.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { sleep } from "../base/wait.ts";
import { dial } from "./dial.ts";
import type { HandshakeOptions } from "./handshake.ts";
import { rpcLimits } from "./limits.ts";
import type { Link } from "./types.ts";

/** What a persistent link is made of. */
export interface PersistentLinkOptions extends HandshakeOptions {
  /** Asked before each round of dialing: the list may change. */
  readonly addresses: () => readonly string[] | Promise<readonly string[]>;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
  /**
   * Called with each new link before its first frame is read: set acceptors in the synchronous part, then
   * register. The link is current only once it resolves; when it rejects, the link is closed and the next
   * address is tried.
   */
  readonly onLink?: (link: Link) => void | Promise<void>;
}

interface Waiter {
  readonly resolve: (link: Link) => void;
  readonly reject: (error: MantaError) => void;
}

/**
 * A link that is dialed again, for ever, whenever it breaks or its peer drains. Each round tries every
 * address, beginning with the last good one; between failed rounds it backs off (50 ms … 1 s), and only a
 * link that lived a while resets that.
 */
export class PersistentLink {
  readonly #options: PersistentLinkOptions;
  readonly #backoff: Backoff;
  readonly #waiters = new Set<Waiter>();
  readonly #closing = new AbortController();
  #current: Link | undefined;
  #started = false;
  /** Current ones and those that drain. */
  readonly #links = new Set<Link>();
  #lastAddress = "";
  #lastError: MantaError | undefined;

  constructor(options: PersistentLinkOptions) {
    this.#options = options;
    const { redialInitialMs: initialMs, redialMaxMs: maxMs, redialFactor: factor } = rpcLimits;
    this.#backoff = new Backoff({ initialMs, maxMs, factor }, options.random);
  }

  /** The link there is now: open, registered and not draining. */
  get current(): Link | undefined {
    const link = this.#current;
    return link === undefined || link.closed || link.peerDraining ? undefined : link;
  }

  /** Begins to dial. More calls do nothing. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    void this.#run();
  }

  /**
   * Resolves with the next link there is. Rejects with `unavailable` after `timeoutMs` (none or 0: waits
   * for ever) or when closed, and with `canceled` by the signal. Starts dialing if nobody has.
   */
  async ready(options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<Link> {
    this.start();
    const { current } = this;
    if (current !== undefined) return current;
    if (this.#closing.signal.aborted) throw closedError();
    const { timeoutMs = 0, signal } = options;
    if (signal?.aborted === true) throw canceledError();
    let timer: Timer | undefined;
    let onAbort: (() => void) | undefined;
    let waiter: Waiter | undefined;
    try {
      return await new Promise<Link>((resolve, reject) => {
        waiter = { resolve, reject };
        this.#waiters.add(waiter);
        onAbort = () => reject(canceledError());
        signal?.addEventListener("abort", onAbort, { once: true });
        if (timeoutMs > 0) timer = this.#options.clock.after(timeoutMs, () => reject(this.#unavailable(timeoutMs)));
      });
    } finally {
      timer?.cancel();
      if (waiter !== undefined) this.#waiters.delete(waiter);
      if (onAbort !== undefined) signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Closes the link, and older ones that drain, and dials no more. */
  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    for (const waiter of this.#waiters) waiter.reject(closedError());
    this.#current = undefined;
    for (const link of this.#links) link.close("closed here");
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const link = await this.#dialRound();
      if (link !== undefined && (await this.#hold(link))) continue;
      try {
        await sleep(this.#options.clock, this.#backoff.nextMs(), signal);
      } catch {
        // Closed while waiting: the loop's condition ends it.
      }
    }
  }

  /** Until the link is of no more use. True: it lived long enough to be dialed again at once. */
  async #hold(link: Link): Promise<boolean> {
    const { clock, log } = this.#options;
    const startMs = clock.nowMs();
    this.#current = link;
    this.#links.add(link);
    link.onClose(() => this.#links.delete(link));
    for (const waiter of this.#waiters) waiter.resolve(link);
    const reason = await new Promise<string>((resolve) => {
      link.onClose(resolve);
      link.onPeerDraining(() => resolve("the peer drains"));
      if (link.peerDraining) resolve("the peer drains");
    });
    this.#current = undefined;
    const upMs = clock.nowMs() - startMs;
    this.#lastError = new MantaError("link_lost", reason);
    if (!this.#closing.signal.aborted) log.info({ address: this.#lastAddress, upMs, reason }, "link lost");
    if (upMs < rpcLimits.stableUptimeMs) return false;
    this.#backoff.reset();
    return true;
  }

  async #dialRound(): Promise<Link | undefined> {
    for (const address of await this.#addresses()) {
      if (this.#closing.signal.aborted) return undefined;
      try {
        const link = await this.#dialOne(address);
        this.#lastAddress = address;
        return link;
      } catch (error) {
        this.#lastError = MantaError.from(error);
        this.#options.log.debug({ address, err: error }, "no link");
      }
    }
    return undefined;
  }

  async #dialOne(address: string): Promise<Link> {
    const { token, identity, log, clock, onLink } = this.#options;
    let registered: Promise<void> = Promise.resolve();
    const link = await dial(address, {
      token,
      identity,
      log,
      clock,
      signal: this.#closing.signal,
      setup: (made) => {
        registered = Promise.resolve(onLink?.(made));
      },
    });
    try {
      await registered;
      if (this.#closing.signal.aborted) throw closedError();
      return link;
    } catch (error) {
      link.close("its set-up failed");
      throw error;
    }
  }

  /** Last good address first: a peer that restarts in place is back there. */
  async #addresses(): Promise<readonly string[]> {
    try {
      const addresses = await this.#options.addresses();
      if (addresses.length === 0) this.#lastError = new MantaError("unavailable", "no address is known");
      return addresses.toSorted((a, b) => Number(b === this.#lastAddress) - Number(a === this.#lastAddress));
    } catch (error) {
      this.#lastError = MantaError.from(error);
      return [];
    }
  }

  #unavailable(timeoutMs: number): MantaError {
    const why = this.#lastError === undefined ? "" : `: ${this.#lastError.message}`;
    return new MantaError("unavailable", `no link within ${Math.round(timeoutMs)} ms${why}`, {
      cause: this.#lastError,
    });
  }
}

const closedError = (): MantaError => new MantaError("unavailable", "the persistent link is closed");
const canceledError = (): MantaError => new MantaError("canceled", "waiting for a link was canceled");
