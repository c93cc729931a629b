import type { Event } from "kubernetes-types/events/v1.d.ts";
import type { Logger } from "pino";
import type { Clock } from "./clock.ts";
import type { EventSink, EventSubject, EventText } from "./event-text.ts";
import type { KubeApi } from "./kube-api.ts";
import { asKubeError } from "./kube-error.ts";
import { microTime } from "./leader-election.ts";
import { kubeLimits } from "./limits.ts";
import { resources } from "./resources.ts";
import { TokenBucket } from "./token-bucket.ts";

/** What a recorder takes. */
export interface EventRecorderOptions {
  readonly api: KubeApi;
  /** Who reports, such as `manta-operator`; and which of them. */
  readonly controller: string;
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** One event and its repeats. */
interface Series {
  readonly subject: EventSubject;
  readonly text: EventText;
  readonly namespace: string;
  name: string | undefined;
  count: number;
  lastMs: number;
  queued: boolean;
}

/**
 * Writes events of events.k8s.io/v1. V1: `record` returns at once, and what it cannot take it drops and counts.
 * V2: the same event again within some minutes is one more of its series, not another object; repeats that come while
 * one waits to be written are written together. V3: one object cannot flood: beyond a burst, its events are dropped.
 */
export class EventRecorder implements EventSink {
  readonly #options: EventRecorderOptions;
  /** In order of their last event: the first is the oldest. */
  readonly #series = new Map<string, Series>();
  readonly #spam = new Map<string, TokenBucket>();
  readonly #queue: Series[] = [];
  #writing: Promise<void> | undefined;
  #closed = false;
  #dropped = 0;
  #order = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /** Events that were not written, for one reason or the other. */
  get dropped(): number {
    return this.#dropped;
  }

  record(subject: EventSubject, text: EventText): void {
    if (this.#closed || this.#queue.length >= kubeLimits.eventQueueMax || !this.#mayTell(subject)) {
      this.#dropped += 1;
      return;
    }
    const series = this.#seriesOf(subject, { ...text, note: cut(text.note) });
    series.count += 1;
    series.lastMs = this.#options.clock.wallMs();
    if (series.queued) return;
    series.queued = true;
    this.#queue.push(series);
    this.#writing ??= this.#writeAll();
  }

  /** Writes what waits, for `timeoutMs` at most, and takes no more. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    const late = new Promise<void>((resolve) => this.#options.clock.after(timeoutMs, resolve, { unref: true }));
    await Promise.race([this.#writing ?? Promise.resolve(), late]);
    this.#dropped += this.#queue.splice(0).length;
  }

  async #writeAll(): Promise<void> {
    // Not in the caller's turn.
    await Promise.resolve();
    for (let series = this.#queue.shift(); series !== undefined; series = this.#queue.shift()) {
      series.queued = false;
      try {
        await this.#write(series);
      } catch (error) {
        this.#dropped += 1;
        this.#options.log.debug({ reason: series.text.reason, error: String(error) }, "an event was not written");
      }
    }
    this.#writing = undefined;
  }

  async #write(series: Series): Promise<void> {
    const { api } = this.#options;
    const { namespace, name } = series;
    if (name !== undefined) {
      const body = { series: { count: series.count, lastObservedTime: microTime(series.lastMs) } };
      try {
        await api.patch(resources.events, { namespace, name }, { type: "merge", body });
        return;
      } catch (error) {
        // Events live an hour: it is gone, and this is the first again.
        if (asKubeError(error)?.isNotFound !== true) throw error;
        series.count = 1;
      }
    }
    const event = this.#eventOf(series);
    series.name = event.metadata.name;
    await api.create(resources.events, event);
  }

  #eventOf(series: Series): Event & { metadata: { name: string; namespace: string } } {
    const { subject, text, namespace } = series;
    const { apiVersion, kind, name, uid, resourceVersion } = subject;
    const stamp = (series.lastMs * 1_000 + (this.#order++ % 1_000)).toString(16);
    return {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { name: `${name.slice(0, eventNameMax)}.${stamp}`, namespace },
      eventTime: microTime(series.lastMs),
      type: text.type,
      reason: text.reason,
      action: text.action,
      note: text.note,
      regarding: {
        apiVersion,
        kind,
        namespace: subject.namespace,
        name,
        uid,
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
      reportingController: this.#options.controller,
      reportingInstance: this.#options.instance,
      ...(series.count > 1 ? { series: { count: series.count, lastObservedTime: microTime(series.lastMs) } } : {}),
    };
  }

  #seriesOf(subject: EventSubject, text: EventText): Series {
    const key = JSON.stringify([subject.uid, text.type, text.reason, text.action, text.note]);
    const nowMs = this.#options.clock.wallMs();
    const known = this.#series.get(key);
    this.#series.delete(key);
    const isSame = known !== undefined && (known.queued || nowMs - known.lastMs < kubeLimits.eventSeriesMs);
    const series = isSame
      ? known
      : { subject, text, namespace: subject.namespace, name: undefined, count: 0, lastMs: nowMs, queued: false };
    this.#series.set(key, series);
    trimTo(this.#series, kubeLimits.eventSeriesMax);
    return series;
  }

  #mayTell(subject: EventSubject): boolean {
    const bucket =
      this.#spam.get(subject.uid) ??
      new TokenBucket({
        ratePerSecond: kubeLimits.eventSubjectPerSecond,
        burst: kubeLimits.eventSubjectBurst,
        clock: this.#options.clock,
      });
    this.#spam.delete(subject.uid);
    this.#spam.set(subject.uid, bucket);
    trimTo(this.#spam, kubeLimits.eventSeriesMax);
    return bucket.tryTake();
  }
}

/** Leaves room for the stamp in a name of 253. */
const eventNameMax = 230;

const trimTo = (map: Map<string, unknown>, sizeMax: number): void => {
  for (const key of map.keys()) {
    if (map.size <= sizeMax) return;
    map.delete(key);
  }
};

const cut = (note: string): string => {
  if (Buffer.byteLength(note) <= kubeLimits.eventNoteBytesMax) return note;
  return `${Buffer.from(note)
    .subarray(0, kubeLimits.eventNoteBytesMax - 4)
    .toString("utf8")
    .replace(/�+$/, "")}…`;
};
