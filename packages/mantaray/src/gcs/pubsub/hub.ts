import { MantaError } from "../../base/errors.ts";
import type { GcsEvent } from "../../protocol/gcs.ts";
import { gcsLimits } from "../limits.ts";

/** What can be subscribed to. */
export type Topic = "nodes" | "actors" | "events";

/** Hands every change to every subscriber of its topic. Each has a bounded queue of its own. */
export class Hub {
  readonly #subscribers = new Set<Subscriber>();
  readonly #queueMax: number;

  /** `queueMax`: changes a subscriber may be behind, default `gcsLimits.subscriberQueueMax`. */
  constructor(queueMax: number = gcsLimits.subscriberQueueMax) {
    this.#queueMax = queueMax;
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  publish(topic: Topic, event: GcsEvent): void {
    for (const subscriber of this.#subscribers) {
      if (subscriber.topics.has(topic)) subscriber.push(event, this.#queueMax);
    }
  }

  /**
   * The present state as of the first read, `synced`, and every change from then on, until `signal`. Fails with
   * `resource_exhausted` for a reader that falls too far behind.
   */
  async *subscribe(
    topics: readonly Topic[],
    present: () => readonly GcsEvent[],
    signal: AbortSignal,
  ): AsyncGenerator<GcsEvent, void> {
    if (this.#subscribers.size >= gcsLimits.subscribersMax) {
      throw new MantaError("resource_exhausted", `there are ${gcsLimits.subscribersMax} subscribers already`);
    }
    const subscriber = new Subscriber(topics);
    const stop = (): void => subscriber.stop();
    signal.addEventListener("abort", stop, { once: true });
    this.#subscribers.add(subscriber);
    try {
      for (const event of present()) {
        if (signal.aborted) return;
        yield event;
      }
      yield { kind: "synced" };
      while (!signal.aborted) {
        const event = await subscriber.next();
        if (event === undefined) return;
        yield event;
      }
    } finally {
      signal.removeEventListener("abort", stop);
      this.#subscribers.delete(subscriber);
    }
  }
}

/** A queue between the hub and one reader. */
class Subscriber {
  readonly topics: ReadonlySet<Topic>;
  #queue: GcsEvent[] = [];
  #read = 0;
  #stopped = false;
  #overflow: MantaError | undefined;
  #wake: (() => void) | undefined;

  constructor(topics: readonly Topic[]) {
    this.topics = new Set(topics);
  }

  push(event: GcsEvent, queueMax: number): void {
    if (this.#queue.length - this.#read >= queueMax) {
      // Too late to be useful: it subscribes again and gets the present state.
      this.#overflow = new MantaError("resource_exhausted", `the subscriber is more than ${queueMax} changes behind`);
      this.#queue = [];
      this.#read = 0;
    }
    if (this.#overflow === undefined) this.#queue.push(event);
    this.#wake?.();
  }

  stop(): void {
    this.#stopped = true;
    this.#wake?.();
  }

  /** Undefined once stopped. */
  async next(): Promise<GcsEvent | undefined> {
    for (;;) {
      if (this.#overflow !== undefined) throw this.#overflow;
      if (this.#stopped) return undefined;
      const event = this.#queue[this.#read];
      if (event !== undefined) {
        this.#read += 1;
        if (this.#read === this.#queue.length) {
          this.#queue = [];
          this.#read = 0;
        }
        return event;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
