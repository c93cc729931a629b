/** What an event is about: enough of an object for `kubectl describe` to find it. */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion?: string | undefined;
}

/** `action` of events.k8s.io/v1: what the operator did or tried. */
export type EventAction = "Create" | "Delete" | "Update" | "Validate" | "Reconcile" | "Cleanup" | "Suspend";

/** An event's words. In a plan's `onDone`/`onError` texts `{name}` stands for the object's name, `{error}` for the error. */
export interface EventText {
  readonly type: "Normal" | "Warning";
  /** CamelCase, such as `CreatedHeadPod`. */
  readonly reason: string;
  readonly action: EventAction;
  readonly note: string;
}

/** Takes events. Returns at once and never throws: an event is never worth a reconcile. */
export interface EventSink {
  record(subject: EventSubject, text: EventText): void;
}
