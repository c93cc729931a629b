import type { EventAction, EventText } from "../kube/event-text.ts";

/** Words of events about a write: what is told when it is done, and when it fails (reference, section 2.14). */
export interface WriteEvents {
  readonly onDone: EventText;
  readonly onError: EventText;
}

/** What was written. */
type Subject =
  | "HeadPod"
  | "WorkerPod"
  | "Pod"
  | "Service"
  | "Ingress"
  | "PVC"
  | "Secret"
  | "NetworkPolicy"
  | "PodDisruptionBudget"
  | "RedisCleanupJob";

const nouns: Readonly<Record<Subject, string>> = {
  HeadPod: "head pod",
  WorkerPod: "worker pod",
  Pod: "pod",
  Service: "service",
  Ingress: "ingress",
  PVC: "volume claim",
  Secret: "secret",
  NetworkPolicy: "network policy",
  PodDisruptionBudget: "disruption budget",
  RedisCleanupJob: "Redis clean-up job",
};

const words = { Create: "Created", Update: "Updated", Delete: "Deleted" } as const;

/** Events of a creation, a change or a deletion; `why` goes to the end of the note. */
export const writeEvents = (verb: keyof typeof words, subject: Subject, why = ""): WriteEvents => ({
  onDone: text("Normal", `${words[verb]}${subject}`, verb, `${words[verb]} ${nouns[subject]} {name}${tail(why)}`),
  onError: text(
    "Warning",
    `FailedTo${verb}${subject}`,
    verb,
    `Failed to ${verb.toLowerCase()} ${nouns[subject]} {name}${tail(why)}: {error}`,
  ),
});

const tail = (why: string): string => (why === "" ? "" : `, since ${why}`);

/** A Warning. */
export const warning = (reason: string, action: EventAction, note: string): EventText =>
  text("Warning", reason, action, note);

const text = (type: EventText["type"], reason: string, action: EventAction, note: string): EventText => ({
  type,
  reason,
  action,
  note,
});
