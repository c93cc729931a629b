import type { Clock } from "../../base/clock.ts";
import type { ClusterEvent } from "../../protocol/gcs.ts";
import { storeLimits } from "../../store/index.ts";
import { gcsLimits } from "../limits.ts";
import type { Ledger } from "../state/ledger.ts";

/** What happened in the cluster, for people: the newest `storeLimits.eventsMax` entries. */
export class EventLog {
  #events: ClusterEvent[] = [];
  readonly #clock: Clock;
  readonly #ledger: Ledger;
  readonly #onEvent: (event: ClusterEvent) => void;

  constructor(clock: Clock, ledger: Ledger, onEvent: (event: ClusterEvent) => void) {
    this.#clock = clock;
    this.#ledger = ledger;
    this.#onEvent = onEvent;
  }

  /** Fills the log with what the store has; nothing is written. */
  restore(events: readonly ClusterEvent[]): void {
    this.#events = [...events];
  }

  /** An entry of this moment. */
  say(kind: string, message: string, fields: Readonly<Record<string, string>> = {}): void {
    this.append({ atMs: this.#clock.wallMs(), kind, message, fields });
  }

  /** An entry as somebody else made it, cut to the limits. */
  append(event: ClusterEvent): void {
    const fields = Object.entries(event.fields).slice(0, gcsLimits.eventFieldsMax);
    const entry: ClusterEvent = {
      atMs: event.atMs,
      kind: cut(event.kind),
      message: cut(event.message),
      fields: Object.fromEntries(fields.map(([name, value]) => [cut(name), cut(value)])),
    };
    this.#events.push(entry);
    if (this.#events.length > storeLimits.eventsMax * 2) this.#events = this.newest(storeLimits.eventsMax);
    this.#ledger.write({ kind: "appendEvent", event: entry });
    this.#onEvent(entry);
  }

  /** At most `limit`, oldest first. */
  newest(limit: number): ClusterEvent[] {
    return this.#events.slice(-Math.min(limit, storeLimits.eventsMax));
  }
}

const cut = (text: string): string =>
  text.length <= gcsLimits.eventMessageCharsMax ? text : `${text.slice(0, gcsLimits.eventMessageCharsMax)}…`;
