import type { KubeObject } from "../../api/objects.ts";
import type { JsonObject } from "../json.ts";
import { at, conditionOf, countAt, listAt, textAt } from "./read.ts";

/** What `kubectl get pods` tells of a pod. */
export interface PodSummary {
  readonly ready: number;
  readonly containers: number;
  /** `Running`, `Init:0/1`, `CrashLoopBackOff`, `Terminating`, … */
  readonly status: string;
  readonly restarts: number;
  /** When the last restarted container ended; undefined without one. */
  readonly lastRestart: string | undefined;
}

/**
 * The state of a pod in one word, out of its phase, its containers' states and its deletion.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase
 */
export function summarizePod(pod: KubeObject): PodSummary {
  const reason = textAt(pod, ["status", "reason"]) || textAt(pod, ["status", "phase"], "Unknown");
  const sidecars = sidecarNames(pod);
  const init = initSummary(pod, sidecars);
  const initStatuses = listAt(pod, "status", "initContainerStatuses");
  const sidecarStatuses = initStatuses.filter((status) => sidecars.has(textAt(status, ["name"])));
  const main = init.waitingFor === undefined ? mainSummary(pod, reason) : { status: init.waitingFor, ready: 0 };
  const sidecarsReady = sidecarStatuses.filter(isReady).length;
  const counted =
    init.waitingFor === undefined ? [...sidecarStatuses, ...listAt(pod, "status", "containerStatuses")] : initStatuses;
  return {
    ready: main.ready + sidecarsReady,
    containers: listAt(pod, "spec", "containers").length + sidecars.size,
    status: pod.metadata.deletionTimestamp === undefined ? main.status : terminatingStatus(pod, main.status),
    restarts: counted.reduce((sum, status) => sum + countAt(status, "restartCount"), 0),
    lastRestart: counted
      .map((status) => textAt(status, ["lastState", "terminated", "finishedAt"]))
      .filter((time) => time !== "")
      .toSorted()
      .at(-1),
  };
}

function terminatingStatus(pod: KubeObject, status: string): string {
  if (textAt(pod, ["status", "reason"]) === "NodeLost") return "Unknown";
  return ["Succeeded", "Failed"].includes(textAt(pod, ["status", "phase"])) ? status : "Terminating";
}

function sidecarNames(pod: KubeObject): Set<string> {
  const sidecars = listAt(pod, "spec", "initContainers").filter((container) => container["restartPolicy"] === "Always");
  return new Set(sidecars.map((container) => textAt(container, ["name"])));
}

/** What the pod waits for while its init containers are not through; undefined once they are. */
function initSummary(pod: KubeObject, sidecars: ReadonlySet<string>): { readonly waitingFor: string | undefined } {
  const total = listAt(pod, "spec", "initContainers").length;
  for (const [index, status] of listAt(pod, "status", "initContainerStatuses").entries()) {
    const terminated = at(status, "state", "terminated") as JsonObject | undefined;
    if (terminated !== undefined && countAt(terminated, "exitCode") === 0) continue;
    if (sidecars.has(textAt(status, ["name"])) && status["started"] === true) continue;
    return { waitingFor: initialized(pod) ? undefined : `Init:${initReason(status, terminated, index, total)}` };
  }
  return { waitingFor: undefined };
}

function initialized(pod: KubeObject): boolean {
  return conditionOf(pod, "Initialized")?.["status"] === "True";
}

function initReason(status: JsonObject, terminated: JsonObject | undefined, index: number, total: number): string {
  if (terminated !== undefined) return terminationReason(terminated);
  const waiting = textAt(status, ["state", "waiting", "reason"]);
  return waiting !== "" && waiting !== "PodInitializing" ? waiting : `${index}/${total}`;
}

function mainSummary(pod: KubeObject, reason: string): { status: string; ready: number } {
  const statuses = listAt(pod, "status", "containerStatuses");
  let status = reason;
  let running = false;
  // The first container's reason counts.
  for (const container of statuses.toReversed()) {
    const waiting = textAt(container, ["state", "waiting", "reason"]);
    const terminated = at(container, "state", "terminated") as JsonObject | undefined;
    if (waiting !== "") status = waiting;
    else if (terminated !== undefined) status = terminationReason(terminated);
    else if (isReady(container)) running = true;
  }
  if (status === "Completed" && running)
    status = conditionOf(pod, "Ready")?.["status"] === "True" ? "Running" : "NotReady";
  if (scheduled(pod) === "SchedulingGated") status = "SchedulingGated";
  return { status, ready: statuses.filter(isReady).length };
}

function scheduled(pod: KubeObject): string {
  return textAt(conditionOf(pod, "PodScheduled"), ["reason"]);
}

function isReady(status: JsonObject): boolean {
  return status["ready"] === true && at(status, "state", "running") !== undefined;
}

function terminationReason(terminated: JsonObject): string {
  const reason = textAt(terminated, ["reason"]);
  if (reason !== "") return reason;
  const signal = countAt(terminated, "signal");
  return signal === 0 ? `ExitCode:${countAt(terminated, "exitCode")}` : `Signal:${signal}`;
}
