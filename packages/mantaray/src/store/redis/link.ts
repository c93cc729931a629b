import { Backoff } from "../../base/backoff.ts";
import { MantaError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { sleep } from "../../base/wait.ts";
import { redisFailure } from "./failures.ts";
import { redisLimits } from "./limits.ts";
import { connectToPrimary, type PrimaryConnection, type PrimaryOptions } from "./primary.ts";

/** What a link is made of. */
export interface RedisLinkOptions extends PrimaryOptions {
  readonly random: Random;
  readonly log: Log;
  /** Says in logs what the link is for. */
  readonly purpose: string;
  /** A task begins when those before it have ended. Default true; false where they have nothing to do with one another. */
  readonly inOrder?: boolean;
}

/**
 * A connection to the primary that is made again for ever. Tasks run one after the other, or `inOrder: false` at the
 * same time. One that finds no connection waits for the attempt under way; between attempts it fails at once with the last reason.
 */
export class RedisLink {
  readonly #options: RedisLinkOptions;
  /** No new tasks. */
  readonly #closing = new AbortController();
  /** No more attempts. */
  readonly #giveUp = new AbortController();
  readonly #backoff: Backoff;
  readonly #life: Promise<void>;
  /** The attempt under way, or what became of the last one. */
  #attempt: Promise<PrimaryConnection>;
  #away: string | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    this.#backoff = new Backoff(
      { initialMs: redisLimits.reconnectInitialMs, maxMs: redisLimits.reconnectMaxMs, factor: 2 },
      options.random,
    );
    this.#attempt = this.#connect();
    this.#life = this.#live();
  }

  /**
   * Runs a task when those before it are done. Whatever it throws becomes `unavailable`, besides errors of our own;
   * after a failure that means that this is no longer the primary, the link looks for it again.
   */
  run<T>(task: (primary: PrimaryConnection) => Promise<T>): Promise<T> {
    if (this.#closing.signal.aborted) return Promise.reject(new MantaError("unavailable", "the store is closed"));
    if (this.#waiting >= redisLimits.waitingCallsMax) {
      return Promise.reject(
        new MantaError("unavailable", `${this.#waiting} calls wait for Redis already, which is the limit`),
      );
    }
    this.#waiting += 1;
    const before = this.#tail;
    const begun = (this.#options.inOrder ?? true) ? before.then(() => this.#run(task)) : this.#run(task);
    const turn = begun.finally(() => (this.#waiting -= 1));
    this.#tail = turn.then(
      () => before,
      () => before,
    );
    return turn;
  }

  /** Resolves when every task so far has succeeded or failed. */
  async settled(): Promise<void> {
    await this.#tail;
  }

  /** Finishes the tasks and lets go of the connection. */
  async close(): Promise<void> {
    const tasks = this.#tail;
    const attempt = this.#attempt.catch(() => undefined);
    this.#closing.abort();
    await tasks;
    // Nobody waits for the attempt under way any more.
    this.#giveUp.abort();
    (await attempt)?.connection.close();
    await this.#life;
  }

  async #run<T>(task: (primary: PrimaryConnection) => Promise<T>): Promise<T> {
    const primary = await this.#attempt;
    try {
      return await task(primary);
    } catch (error) {
      if (error instanceof MantaError) throw error;
      const failure = redisFailure(error, primary.connection.where);
      if (failure.reconnect) primary.connection.end(failure.error);
      throw failure.error;
    }
  }

  #connect(): Promise<PrimaryConnection> {
    const attempt = connectToPrimary({ ...this.#options, signal: this.#giveUp.signal });
    // Whoever waits for it hears of its failure; nobody may wait.
    attempt.catch(() => undefined);
    return attempt;
  }

  async #live(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#closing.signal.aborted) {
      let reason: MantaError | undefined;
      try {
        const { connection } = await this.#attempt;
        this.#tellBack(connection.where);
        const sinceMs = clock.nowMs();
        reason = await connection.ended;
        if (reason === undefined || this.#closing.signal.aborted) return;
        if (clock.nowMs() - sinceMs > redisLimits.stableConnectionMs) {
          this.#backoff.reset();
          this.#tellAway(reason);
          this.#attempt = this.#connect();
          continue;
        }
      } catch (error) {
        reason = MantaError.from(error, "unavailable");
      }
      await this.#rest(reason);
    }
  }

  /** Calls fail at once until the next attempt begins. */
  async #rest(reason: MantaError): Promise<void> {
    this.#tellAway(reason);
    this.#attempt = Promise.reject(reason);
    this.#attempt.catch(() => undefined);
    await sleep(this.#options.clock, this.#backoff.nextMs(), this.#closing.signal).catch(() => undefined);
    if (!this.#closing.signal.aborted) this.#attempt = this.#connect();
  }

  /** Once a reason, not once an attempt. */
  #tellAway(reason: MantaError): void {
    const { log, purpose } = this.#options;
    if (this.#away === reason.rawMessage) return;
    this.#away = reason.rawMessage;
    log.warn({ reason: reason.rawMessage, purpose }, "Redis is away");
  }

  #tellBack(where: string): void {
    const { log, purpose } = this.#options;
    if (this.#away !== undefined) log.info({ redis: where, purpose }, "Redis is back");
    this.#away = undefined;
  }
}
