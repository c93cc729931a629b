import { randomUUID } from "node:crypto";
import type { Clock, Timer } from "../../../base/clock.ts";
import { MantaError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import { sleep } from "../../../base/wait.ts";
import type { RoutingDeployment } from "../../../protocol/routing.ts";
import type { ClaimOutcome, IdempotencyStore } from "../../../store/idempotency/idempotency-store.ts";
import { type Holder, holderName, parseHolder } from "./holder.ts";
import { keyedLimits } from "./limits.ts";
import { packAnswer, unpackAnswer, type WholeAnswer } from "./recorded-answer.ts";

/** What a deployment says of its requests with a key. */
export type IdempotencyRules = NonNullable<RoutingDeployment["idempotency"]>;

/** What a `RunOnce` is made with. */
export interface RunOnceDeps {
  /** The replica's own: part of the name of each of its runs. */
  readonly actorId: string;
  /** Opened by the first request that needs it. Throws `unavailable` where no store fits the cluster. */
  openStore(): Promise<IdempotencyStore>;
  rules(): IdempotencyRules;
  /** Whether the process of a run is known to be dead. */
  isDead(holder: Holder): Promise<boolean>;
  readonly clock: Clock;
  readonly log: Log;
}

/** A request with a key. */
export interface KeyedRequest {
  readonly key: string;
  readonly fingerprint: string;
  /** A repetition of our own routers, after they had lost the replica that had it. */
  readonly isRetry: boolean;
  /** Nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** What is to be done with a request. */
export type Verdict =
  | { readonly kind: "run"; readonly run: Run }
  | { readonly kind: "replay"; readonly answer: WholeAnswer };

/** One run of a request that holds its key. */
export interface Run {
  /** Another may have the key now: what is still done, is done twice. */
  readonly lost: AbortSignal;
  /** Records the answer, or gives the key back where the answer is an error of a server: it may be tried again. */
  finish(answer: WholeAnswer): Promise<void>;
  /** It came to no answer. */
  release(): Promise<void>;
}

/**
 * Lets one of all requests with the same key run, in whichever replica, and gives the others its answer.
 * K1: nothing runs that does not hold its key; a key is held by one run at a time (I1 of the store).
 * K2: the answer is recorded before it is sent, so whoever saw it will see the same again.
 * K3: a run that only lost its caller goes on: its outcome is what the next caller asks for.
 */
export class RunOnce {
  /** Of this process: no other has the same. */
  readonly life = randomUUID();
  readonly #deps: RunOnceDeps;
  #store: Promise<IdempotencyStore> | undefined;
  #runs = 0;

  constructor(deps: RunOnceDeps) {
    this.#deps = deps;
  }

  /** Throws `key_in_progress`, `key_reused`, `answer_not_kept`, `unavailable`, or `canceled` when nobody waits any more. */
  async decide(request: KeyedRequest): Promise<Verdict> {
    this.#runs += 1;
    const holder = holderName({ actorId: this.#deps.actorId, life: this.life }, this.#runs);
    let deadHolder: string | undefined;
    for (;;) {
      const outcome = await this.#claim(request, holder, deadHolder);
      if (outcome === "open") return { kind: "run", run: withoutKey };
      if (outcome.kind === "claimed")
        return { kind: "run", run: new HeldRun(this.#deps, await this.#opened(), request.key, holder) };
      if (outcome.fingerprint !== request.fingerprint) {
        throw new MantaError("key_reused", "The Idempotency-Key was used for another request.");
      }
      if (outcome.kind === "finished") return { kind: "replay", answer: answerOf(outcome.answer) };
      const isDead = await this.#deps.isDead(parseHolder(outcome.holder));
      deadHolder = isDead ? outcome.holder : undefined;
      if (isDead) continue;
      if (!request.isRetry) {
        throw new MantaError("key_in_progress", "A request with this Idempotency-Key is being processed.");
      }
      // Its client has asked once: it gets the one answer there is.
      await sleep(this.#deps.clock, keyedLimits.pollMs, request.signal);
    }
  }

  async close(): Promise<void> {
    const store = await this.#store?.catch(() => undefined);
    await store?.close();
  }

  /** `open`: the store is away, and the deployment runs all the same. */
  async #claim(
    { key, fingerprint }: KeyedRequest,
    holder: string,
    deadHolder: string | undefined,
  ): Promise<ClaimOutcome | "open"> {
    const { leaseMs } = keyedLimits;
    try {
      const store = await this.#opened();
      const claim = { fingerprint, holder, leaseMs };
      return await store.claim(key, deadHolder === undefined ? claim : { ...claim, deadHolder });
    } catch (error) {
      const { rawMessage } = MantaError.from(error);
      this.#deps.log.warn({ err: error }, "the store of idempotency keys cannot be asked");
      if (this.#deps.rules().failOpen) return "open";
      throw new MantaError("unavailable", `Idempotency keys cannot be looked up now: ${rawMessage}`, { cause: error });
    }
  }

  #opened(): Promise<IdempotencyStore> {
    if (this.#store === undefined) {
      const opened = this.#deps.openStore();
      this.#store = opened;
      opened.catch(() => {
        this.#store = undefined;
      });
    }
    return this.#store;
  }
}

const withoutKey: Run = {
  lost: new AbortController().signal,
  finish: () => Promise.resolve(),
  release: () => Promise.resolve(),
};

const answerOf = (bytes: Buffer): WholeAnswer => {
  const answer = unpackAnswer(bytes);
  if ("body" in answer) return answer;
  throw new MantaError(
    "answer_not_kept",
    `The request was processed; its response of ${answer.bytes} bytes was too long to be kept.`,
  );
};

/** Holds a key: renews its lease until it is over. */
class HeldRun implements Run {
  readonly #deps: RunOnceDeps;
  readonly #store: IdempotencyStore;
  readonly #key: string;
  readonly #holder: string;
  readonly #lost = new AbortController();
  #heldUntilMs: number;
  #timer: Timer | undefined;

  constructor(deps: RunOnceDeps, store: IdempotencyStore, key: string, holder: string) {
    this.#deps = deps;
    this.#store = store;
    this.#key = key;
    this.#holder = holder;
    this.#heldUntilMs = deps.clock.nowMs() + keyedLimits.leaseMs;
    this.#renewLater();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async finish(answer: WholeAnswer): Promise<void> {
    if (answer.status >= 500) return this.release();
    const { ttlMs, responseBytesMax } = this.#deps.rules();
    const bytes = packAnswer(answer, responseBytesMax);
    try {
      await this.#record(bytes, ttlMs);
    } catch (error) {
      // It has run: its client gets the answer, and the record follows if it can.
      this.#deps.log.warn({ err: error }, "an answer could not be recorded yet");
      void this.#recordLater(bytes, ttlMs);
    }
  }

  async release(): Promise<void> {
    this.#timer?.cancel();
    await this.#store
      .release(this.#key, this.#holder)
      .catch((error: unknown) =>
        this.#deps.log.warn({ err: error }, "a key could not be given back: its lease will end"),
      );
  }

  async #record(bytes: Buffer, ttlMs: number): Promise<void> {
    const isOurs = await this.#store.finish(this.#key, this.#holder, bytes, ttlMs);
    this.#timer?.cancel();
    if (!isOurs) this.#deps.log.error({ holder: this.#holder }, "a request has run whose key was no longer its own");
  }

  async #recordLater(bytes: Buffer, ttlMs: number): Promise<void> {
    const { clock, log } = this.#deps;
    while (clock.nowMs() < this.#heldUntilMs) {
      await sleep(clock, keyedLimits.recordRetryMs);
      try {
        await this.#record(bytes, ttlMs);
        return;
      } catch (error) {
        log.debug({ err: error }, "an answer could not be recorded");
      }
    }
    this.#timer?.cancel();
    log.error({ holder: this.#holder }, "an answer was not recorded: a repetition will run again");
  }

  #renewLater(): void {
    this.#timer = this.#deps.clock.after(keyedLimits.renewMs, () => void this.#renew(), { unref: true });
  }

  async #renew(): Promise<void> {
    const { clock, log } = this.#deps;
    const startMs = clock.nowMs();
    try {
      if (await this.#store.renew(this.#key, this.#holder, keyedLimits.leaseMs)) {
        this.#heldUntilMs = startMs + keyedLimits.leaseMs;
      } else {
        this.#lost.abort();
        return;
      }
    } catch (error) {
      log.warn({ err: error }, "the lease of a key could not be renewed");
    }
    if (clock.nowMs() > this.#heldUntilMs) this.#lost.abort();
    else this.#renewLater();
  }
}
