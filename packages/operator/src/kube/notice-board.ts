import type { EventSink, EventSubject } from "./event-text.ts";

/** Objects remembered; beyond it the oldest may be told again. */
const objectsMax = 20_000;

/** Tells once per generation of an object what it sets without effect, as an event. */
export class NoticeBoard {
  readonly #recorder: EventSink;
  readonly #told = new Map<string, number | undefined>();

  constructor(recorder: EventSink) {
    this.#recorder = recorder;
  }

  /** Empty `notices` say nothing. */
  tell(subject: EventSubject, generation: number | undefined, notices: readonly string[]): void {
    const { uid } = subject;
    if (notices.length === 0 || (this.#told.has(uid) && this.#told.get(uid) === generation)) return;
    this.#told.delete(uid);
    this.#told.set(uid, generation);
    const [oldest] = this.#told.keys();
    if (oldest !== undefined && this.#told.size > objectsMax) this.#told.delete(oldest);
    const note = notices.join("; ");
    this.#recorder.record(subject, { type: "Warning", reason: "FieldWithoutEffect", action: "Validate", note });
  }
}
