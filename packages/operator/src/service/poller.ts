import type { Clock, Timer } from "../kube/clock.ts";
import { serviceLimits } from "./limits.ts";

/** Something that is asked again and again. */
export interface PollTarget<Result> {
  /** Names it: another pod is another target. */
  readonly id: string;
  /** Asks once. `former`: what it said before. Must not reject, and ends by itself. */
  readonly ask: (former: Result | undefined) => Promise<Result>;
  /** How long until the next time. */
  readonly intervalMs: (result: Result) => number;
}

/** What a poller takes. */
export interface PollerOptions<Result> {
  readonly clock: Clock;
  /** Parts of a result that matter: `onChange` is told only when this text changes. */
  readonly fingerprint: (result: Result) => string;
  /** Who wanted the target that has changed. */
  readonly onChange: (owner: string) => void;
  /** Default `serviceLimits.pollsMax`. */
  readonly runningMax?: number;
}

interface Entry<Result> {
  readonly owner: string;
  target: PollTarget<Result>;
  result: Result | undefined;
  timer: Timer | undefined;
  running: boolean;
  /** Somebody has asked for a newer answer than the one on its way. */
  again: boolean;
}

/**
 * Asks what cannot be watched, beside the reconciliation, which so never waits for a network. P1: each target at most
 * once at a time. P2: at most `runningMax` at once. P3: a target that nobody wants is asked no more.
 */
export class Poller<Result> {
  readonly #options: PollerOptions<Result>;
  readonly #entries = new Map<string, Entry<Result>>();
  readonly #waiting = new Set<Entry<Result>>();
  #running = 0;
  #closed = false;

  constructor(options: PollerOptions<Result>) {
    this.#options = options;
  }

  /** From now on the owner wants exactly these. */
  want(owner: string, targets: readonly PollTarget<Result>[]): void {
    if (this.#closed) return;
    const ids = new Set(targets.map(({ id }) => id));
    for (const [id, entry] of this.#entries) if (entry.owner === owner && !ids.has(id)) this.#drop(id, entry);
    for (const target of targets) {
      const entry = this.#entries.get(target.id);
      if (entry === undefined) this.#add(owner, target);
      else this.#update(entry, target);
    }
  }

  /** The last answer; undefined before the first. */
  result(id: string): Result | undefined {
    return this.#entries.get(id)?.result;
  }

  /** Forgets the answer and asks anew: something has been changed that makes it old. */
  refresh(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.result = undefined;
    if (entry.running) entry.again = true;
    else this.#schedule(entry, 0);
  }

  /** Ends all. */
  close(): void {
    this.#closed = true;
    for (const [id, entry] of this.#entries) this.#drop(id, entry);
  }

  #add(owner: string, target: PollTarget<Result>): void {
    const entry: Entry<Result> = { owner, target, result: undefined, timer: undefined, running: false, again: false };
    this.#entries.set(target.id, entry);
    this.#schedule(entry, 0);
  }

  /** A shorter interval counts from now. */
  #update(entry: Entry<Result>, target: PollTarget<Result>): void {
    const { result } = entry;
    const isShorter = result !== undefined && target.intervalMs(result) < entry.target.intervalMs(result);
    entry.target = target;
    if (isShorter && !entry.running) this.#schedule(entry, target.intervalMs(result));
  }

  #drop(id: string, entry: Entry<Result>): void {
    entry.timer?.cancel();
    this.#waiting.delete(entry);
    this.#entries.delete(id);
  }

  #schedule(entry: Entry<Result>, delayMs: number): void {
    entry.timer?.cancel();
    entry.timer = this.#options.clock.after(delayMs, () => this.#start(entry), { unref: true });
  }

  #start(entry: Entry<Result>): void {
    if (!this.#isCurrent(entry)) return;
    if (this.#running >= (this.#options.runningMax ?? serviceLimits.pollsMax)) {
      this.#waiting.add(entry);
      return;
    }
    this.#running += 1;
    entry.running = true;
    void this.#ask(entry);
  }

  async #ask(entry: Entry<Result>): Promise<void> {
    const former = entry.result;
    const result = await entry.target.ask(former);
    this.#running -= 1;
    entry.running = false;
    if (this.#isCurrent(entry)) this.#take(entry, former, result);
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.delete(next);
    this.#start(next);
  }

  #take(entry: Entry<Result>, former: Result | undefined, result: Result): void {
    if (entry.again) {
      entry.again = false;
      this.#schedule(entry, 0);
      return;
    }
    entry.result = result;
    this.#schedule(entry, entry.target.intervalMs(result));
    const { fingerprint, onChange } = this.#options;
    if (former === undefined || fingerprint(former) !== fingerprint(result)) onChange(entry.owner);
  }

  #isCurrent(entry: Entry<Result>): boolean {
    return this.#entries.get(entry.target.id) === entry;
  }
}
