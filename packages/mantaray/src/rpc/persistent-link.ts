import { Backoff } from "../base/backoff.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { sleep } from "../base/wait.ts";
import { dial } from "./dial.ts";
import { dialRound } from "./dial-round.ts";
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
   * address is tried: the one that a `not_leader` names in `details.leader`, else the next of the list. Two may
   * be set up at once, where the first is slow; only one of them becomes current, the other is closed.
   */
  readonly onLink?: (link: Link, address: string) => void | Promise<void>;
}

interface Waiter {
  readonly resolve: (link: Link) => void;
  readonly reject: (error: MantaError) => void;
}

/**
 * A link that is dialed again, for ever, whenever it breaks or its peer drains. Each round tries every
 * address, beginning with the preferred one (the last good one, or as `prefer` says), and does not wait for one
 * that hangs; between failed rounds it backs off (50 ms … 1 s), and only a link that lived a while resets that.
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
  /** Dialled first, if it is on the list or we were told so; else last. */
  #preferred = "";
  #told = false;
  /** Dialled now. */
  readonly #dialing = new Set<string>();
  /** Ends the present round or pause. */
  #restart = new AbortController();
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
   * This address is dialled first from now on, known or not; a round or pause in progress gives way to it. The
   * present link is left alone: close it to leave.
   */
  prefer(address: string): void {
    this.#preferred = address;
    this.#told = true;
    if (!this.#dialing.has(address)) this.#restart.abort();
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
      this.#restart = new AbortController();
      const restart = AbortSignal.any([signal, this.#restart.signal]);
      const link = await this.#dialRound(restart);
      if (link !== undefined && (await this.#hold(link))) continue;
      try {
        await sleep(this.#options.clock, this.#backoff.nextMs(), restart);
      } catch {
        // Closed or told of a better address while waiting: the loop goes on at once.
      }
    }
  }

  /** Until the link is of no more use. True: it lived long enough to be dialed again at once. */
  async #hold(link: Link): Promise<boolean> {
    const { clock, log } = this.#options;
    const startMs = clock.nowMs();
    const address = this.#preferred;
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
    if (!this.#closing.signal.aborted) log.info({ address, upMs, reason }, "link lost");
    if (upMs < rpcLimits.stableUptimeMs) return false;
    this.#backoff.reset();
    return true;
  }

  async #dialRound(signal: AbortSignal): Promise<Link | undefined> {
    const { clock, log } = this.#options;
    const found = await dialRound({
      addresses: await this.#addresses(),
      dial: (address, overSignal) => this.#dialOne(address, overSignal),
      staggerMs: rpcLimits.dialStaggerMs,
      clock,
      signal,
      onError: (address, error) => {
        this.#lastError = error;
        log.debug({ address, err: error }, "no link");
      },
    });
    if (found === undefined) return undefined;
    this.#preferred = found.address;
    this.#told = false;
    return found.link;
  }

  async #dialOne(address: string, signal: AbortSignal): Promise<Link> {
    const { token, identity, log, clock, onLink } = this.#options;
    let registered: Promise<void> = Promise.resolve();
    let link: Link | undefined;
    const onAbort = (): void => link?.close("not wanted any more");
    signal.addEventListener("abort", onAbort, { once: true });
    this.#dialing.add(address);
    try {
      link = await dial(address, {
        token,
        identity,
        log,
        clock,
        signal,
        setup: (made) => {
          registered = Promise.resolve(onLink?.(made, address));
        },
      });
      await registered;
      if (signal.aborted) throw closedError();
      return link;
    } catch (error) {
      link?.close("its set-up failed");
      throw error;
    } finally {
      this.#dialing.delete(address);
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** The preferred address first: a peer that restarts in place is back there. */
  async #addresses(): Promise<readonly string[]> {
    try {
      const addresses = await this.#options.addresses();
      if (addresses.length === 0) this.#lastError = new MantaError("unavailable", "no address is known");
      const preferred = this.#preferred;
      if (preferred === "") return addresses;
      const isFirst = this.#told || addresses.includes(preferred);
      return [...new Set(isFirst ? [preferred, ...addresses] : [...addresses, preferred])];
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
