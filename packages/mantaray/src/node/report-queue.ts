import type { Clock } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import type { ActorId } from "../base/ids.ts";
import type { Log } from "../base/log.ts";
import { sleep } from "../base/wait.ts";
import type { ActorEvent, ActorExit } from "../protocol/node.ts";
import { nodeLimits } from "./limits.ts";

/** What the queue needs. */
export interface ReportQueueDeps {
  /** Delivers one report; undefined while there is no registered link. */
  readonly send: () => ((event: ActorEvent) => Promise<unknown>) | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

interface Entry {
  event: ActorEvent;
  readonly restarts: number;
}

/**
 * What happened to actors, in order, kept until the control store has heard it. Of one process only the
 * last event is kept. Bounded: what falls out is still in the inventory of the next registration.
 */
export class ReportQueue {
  readonly #deps: ReportQueueDeps;
  readonly #entries = new Map<string, Entry>();
  #sending = false;
  #dropped = 0;

  constructor(deps: ReportQueueDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Ends of actors that wait here. */
  get exits(): ActorExit[] {
    return [...this.#entries.values()].flatMap(({ event }) => (event.kind === "exited" ? [event] : []));
  }

  /** Whether an exit of that life of the actor waits here. */
  exitPending(actorId: ActorId, restarts: number): boolean {
    return [...this.#entries.values()].some(
      ({ event, restarts: life }) => event.kind === "exited" && event.actorId === actorId && life === restarts,
    );
  }

  /** That life of the actor has been followed by a new one here: the report of its end will say so. */
  repaired(actorId: ActorId, restarts: number): void {
    for (const entry of this.#entries.values()) {
      const { event } = entry;
      if (event.kind === "exited" && event.actorId === actorId && entry.restarts === restarts) {
        entry.event = { ...event, repaired: true };
      }
    }
  }

  add(event: ActorEvent, restarts: number): void {
    const key = `${event.actorId}:${event.workerId}`;
    this.#entries.delete(key);
    this.#entries.set(key, { event, restarts });
    if (this.#entries.size > nodeLimits.reportsMax) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
      this.#dropped += 1;
      this.#deps.log.warn(
        { dropped: this.#dropped },
        "too many reports wait for the control store: dropped the oldest",
      );
    }
    this.flush();
  }

  /** Sends what waits; call it when a link has registered. */
  flush(): void {
    if (this.#sending) return;
    this.#sending = true;
    void this.#drain();
  }

  async #drain(): Promise<void> {
    for (;;) {
      const [next] = this.#entries;
      const send = this.#deps.send();
      if (next === undefined || send === undefined) {
        // In the same tick, or a flush in between would be lost.
        this.#sending = false;
        return;
      }
      const [key, entry] = next;
      try {
        await send(entry.event);
      } catch (thrown) {
        const error = MantaError.from(thrown);
        if (error.retryable || error.code === "deadline_exceeded") {
          await sleep(this.#deps.clock, nodeLimits.reportRetryMs);
          continue;
        }
        this.#deps.log.warn({ err: error, event: entry.event }, "the control store refused a report");
      }
      // A later event of the same process may have taken its place meanwhile.
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    }
  }
}
