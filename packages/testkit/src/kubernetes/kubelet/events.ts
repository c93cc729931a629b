import type { ApiAccess } from "../api/access.ts";
import { ApiError } from "../api/api-error.ts";
import type { KubeObject } from "../api/objects.ts";
import { resources } from "../api/resources.ts";
import { apiTime, type KubeletClock } from "./clock.ts";
import { kubeletLimits } from "./limits.ts";
import { type KubeletLog, messageOf } from "./log.ts";

/** What happened to an object. */
export interface EventText {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  /** Such as `spec.containers{main}`. */
  readonly fieldPath?: string;
}

/** Who tells events. */
export interface EventSource {
  readonly component: string;
  readonly host?: string;
}

/** Writes events about objects, in order; the same one again only counts up. */
export class EventRecorder {
  readonly #access: ApiAccess;
  readonly #clock: KubeletClock;
  readonly #log: KubeletLog;
  readonly #known = new Map<string, { readonly name: string; count: number }>();
  #last: Promise<void> = Promise.resolve();
  #serial = 0;

  constructor(access: ApiAccess, clock: KubeletClock, log: KubeletLog) {
    this.#access = access;
    this.#clock = clock;
    this.#log = log;
  }

  /** Does not wait; an event that cannot be written is logged, as it changes nothing else. */
  record(object: KubeObject, source: EventSource, event: EventText): void {
    this.#last = this.#last
      .then(() => this.#write(object, source, event))
      .catch((error: unknown) =>
        this.#log.warn(`event ${event.reason} of ${object.metadata.name}: ${messageOf(error)}`),
      );
  }

  /** Resolves once all are written. */
  flush(): Promise<void> {
    return this.#last;
  }

  async #write(object: KubeObject, source: EventSource, event: EventText): Promise<void> {
    const namespace = object.metadata.namespace ?? "default";
    const key = [namespace, object.metadata.uid, event.reason, event.message, event.fieldPath].join("\0");
    const known = this.#known.get(key);
    const lastTimestamp = apiTime(this.#clock.wallMs());
    if (known !== undefined) {
      known.count += 1;
      const patch = { count: known.count, lastTimestamp };
      try {
        await this.#access.mergePatch(resources.coreEvents, { namespace, name: known.name }, patch);
        return;
      } catch (error) {
        // Events expire: then it is told anew.
        if (!(error instanceof ApiError) || error.reason !== "NotFound") throw error;
      }
    }
    this.#serial += 1;
    const stamp = Math.floor(this.#clock.wallMs()).toString(16);
    const name = `${object.metadata.name}.${stamp}${this.#serial.toString(16).padStart(5, "0")}`;
    await this.#access.create(resources.coreEvents, {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name, namespace },
      involvedObject: referenceTo(object, event.fieldPath),
      reason: event.reason,
      message: event.message,
      type: event.type,
      source,
      reportingComponent: source.component,
      reportingInstance: source.host ?? "",
      firstTimestamp: lastTimestamp,
      lastTimestamp,
      count: 1,
      eventTime: null,
    });
    this.#known.set(key, { name, count: 1 });
    const [oldest] = this.#known.keys();
    if (this.#known.size > kubeletLimits.eventsRememberedMax && oldest !== undefined) this.#known.delete(oldest);
  }
}

const referenceTo = (object: KubeObject, fieldPath: string | undefined): object => ({
  apiVersion: object.apiVersion,
  kind: object.kind,
  name: object.metadata.name,
  ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
  uid: object.metadata.uid,
  resourceVersion: object.metadata.resourceVersion,
  ...(fieldPath === undefined ? {} : { fieldPath }),
});
