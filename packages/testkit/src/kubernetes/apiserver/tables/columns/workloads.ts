import type { KubeObject } from "../../../api/objects.ts";
import { ageText, durationText } from "../age.ts";
import { ageColumn, type Column, column, nameColumn } from "../column.ts";
import { summarizePod } from "../pod-status.ts";
import { at, conditionOf, countAt, joined, listAt, none, selectorText, textAt } from "../read.ts";

const containers = (object: KubeObject) => listAt(object, "spec", "template", "spec", "containers");

const templateColumns: readonly Column[] = [
  column("Containers", (object) => joined(containers(object).map((item) => textAt(item, ["name"]))), { wide: true }),
  column("Images", (object) => joined(containers(object).map((item) => textAt(item, ["image"]))), { wide: true }),
];
const selector: Column = column("Selector", (object) => selectorText(at(object, "spec", "selector")), { wide: true });
const number = { type: "integer" } as const;

/** Columns of pods. */
export const podColumns: readonly Column[] = [
  nameColumn,
  column("Ready", (pod) => {
    const { ready, containers: count } = summarizePod(pod);
    return `${ready}/${count}`;
  }),
  column("Status", (pod) => summarizePod(pod).status),
  column("Restarts", (pod, now) => {
    const { restarts, lastRestart } = summarizePod(pod);
    return restarts === 0 || lastRestart === undefined
      ? String(restarts)
      : `${restarts} (${ageText(lastRestart, now)} ago)`;
  }),
  ageColumn,
  column("IP", (pod) => textAt(pod, ["status", "podIP"], none), { wide: true }),
  column("Node", (pod) => textAt(pod, ["spec", "nodeName"], none), { wide: true }),
  column("Nominated Node", (pod) => textAt(pod, ["status", "nominatedNodeName"], none), { wide: true }),
  column("Readiness Gates", readinessGates, { wide: true }),
];

function readinessGates(pod: KubeObject): string {
  const gates = listAt(pod, "spec", "readinessGates");
  if (gates.length === 0) return none;
  const met = gates.filter((gate) => conditionOf(pod, textAt(gate, ["conditionType"]))?.["status"] === "True");
  return `${met.length}/${gates.length}`;
}

/** Columns of the kinds that make pods. */
export const workloadColumns: Readonly<Record<string, readonly Column[]>> = {
  deployments: [
    nameColumn,
    column("Ready", (object) => `${countAt(object, "status", "readyReplicas")}/${countAt(object, "spec", "replicas")}`),
    column("Up-to-date", (object) => countAt(object, "status", "updatedReplicas"), number),
    column("Available", (object) => countAt(object, "status", "availableReplicas"), number),
    ageColumn,
    ...templateColumns,
    selector,
  ],
  replicasets: [
    nameColumn,
    column("Desired", (object) => countAt(object, "spec", "replicas"), number),
    column("Current", (object) => countAt(object, "status", "replicas"), number),
    column("Ready", (object) => countAt(object, "status", "readyReplicas"), number),
    ageColumn,
    ...templateColumns,
    selector,
  ],
  statefulsets: [
    nameColumn,
    column("Ready", (object) => `${countAt(object, "status", "readyReplicas")}/${countAt(object, "spec", "replicas")}`),
    ageColumn,
    ...templateColumns,
  ],
  daemonsets: [
    nameColumn,
    column("Desired", (object) => countAt(object, "status", "desiredNumberScheduled"), number),
    column("Current", (object) => countAt(object, "status", "currentNumberScheduled"), number),
    column("Ready", (object) => countAt(object, "status", "numberReady"), number),
    ageColumn,
    ...templateColumns,
    selector,
  ],
  jobs: [
    nameColumn,
    column("Status", jobStatus),
    column("Completions", jobCompletions),
    column("Duration", jobDuration),
    ageColumn,
    ...templateColumns,
    selector,
  ],
};

function jobStatus(job: KubeObject): string {
  const holds = (type: string): boolean => conditionOf(job, type)?.["status"] === "True";
  if (holds("Complete")) return "Complete";
  if (holds("Failed")) return "Failed";
  if (job.metadata.deletionTimestamp !== undefined) return "Terminating";
  if (holds("Suspended")) return "Suspended";
  return holds("FailureTarget") ? "FailureTarget" : "Running";
}

function jobCompletions(job: KubeObject): string {
  const succeeded = countAt(job, "status", "succeeded");
  const wanted = at(job, "spec", "completions");
  if (typeof wanted === "number") return `${succeeded}/${wanted}`;
  const parallelism = countAt(job, "spec", "parallelism");
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration(job: KubeObject, now: Date): string {
  const start = textAt(job, ["status", "startTime"]);
  if (start === "") return "";
  const end = textAt(job, ["status", "completionTime"]);
  return durationText(((end === "" ? now.getTime() : Date.parse(end)) - Date.parse(start)) / 1000);
}
