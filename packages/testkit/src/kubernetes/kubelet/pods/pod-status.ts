import type { ContainerStatus, PodCondition, PodStatus } from "kubernetes-types/core/v1.d.ts";
import type { Pod } from "../types.ts";
import { qosClass } from "./resources.ts";

/** What the kubelet knows of a pod's containers. */
export interface PodObservation {
  readonly hostIp: string;
  /** Undefined until the pod has one. */
  readonly podIp: string | undefined;
  readonly startTime: string;
  /** Volumes and names are there. */
  readonly isSandboxReady: boolean;
  readonly initContainers: readonly ContainerStatus[];
  readonly containers: readonly ContainerStatus[];
  /** The pod is to end; its containers do not start again. */
  readonly isEnding: boolean;
  /** Fails the pod whatever its containers do, such as an exceeded `activeDeadlineSeconds`. */
  readonly failure: { readonly reason: string; readonly message: string } | undefined;
}

/** Conditions that this kubelet writes; those of others stay. */
const ownConditions = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"] as const;

/**
 * A pod's status as a kubelet writes it. `now` in the API's format; a condition keeps its time while it keeps its value.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
 */
export const podStatus = (pod: Pod, seen: PodObservation, now: string): PodStatus => {
  const phase = seen.failure === undefined ? podPhase(pod, seen) : "Failed";
  const conditions = [
    ...readyConditions(pod, seen, phase),
    // It is here.
    { type: "PodScheduled", status: "True" },
    ...(pod.status?.conditions ?? []).filter(({ type }) => !(ownConditions as readonly string[]).includes(type)),
  ];
  return {
    ...pod.status,
    phase,
    ...seen.failure,
    hostIP: seen.hostIp,
    hostIPs: [{ ip: seen.hostIp }] as NonNullable<PodStatus["hostIPs"]>,
    ...(seen.podIp === undefined ? {} : { podIP: seen.podIp, podIPs: [{ ip: seen.podIp }] }),
    startTime: seen.startTime,
    qosClass: qosClass(pod),
    conditions: conditions.map((condition) => withTime(condition, pod.status?.conditions, now)),
    ...(seen.initContainers.length === 0 ? {} : { initContainerStatuses: [...seen.initContainers] }),
    containerStatuses: [...seen.containers],
  };
};

const withTime = (condition: PodCondition, before: readonly PodCondition[] | undefined, now: string): PodCondition => {
  const old = before?.find(({ type }) => type === condition.type);
  const lastTransitionTime = old?.status === condition.status ? (old.lastTransitionTime ?? now) : now;
  return { ...condition, lastTransitionTime };
};

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase */
const podPhase = (pod: Pod, seen: PodObservation): string => {
  const policy = pod.spec.restartPolicy ?? "Always";
  const failedInit = seen.initContainers.find(
    (status, index) => !isSidecar(pod, index) && (status.state?.terminated?.exitCode ?? 0) !== 0,
  );
  if (failedInit !== undefined && (policy === "Never" || seen.isEnding)) return "Failed";
  if (!isInitialized(pod, seen) && !seen.isEnding) return "Pending";
  const ended = seen.containers.map((status) => status.state?.terminated ?? status.lastState?.terminated);
  const allEnded = seen.containers.every((status) => status.state?.terminated !== undefined);
  if (allEnded || seen.isEnding) {
    const running = seen.containers.some((status) => status.state?.running !== undefined);
    if (running) return "Running";
    const failed = ended.some((state) => state === undefined || state.exitCode !== 0);
    if (seen.isEnding) return ended.every((state) => state === undefined) || failed ? "Failed" : "Succeeded";
    if (policy === "Always") return "Running";
    if (!failed) return "Succeeded";
    return policy === "Never" ? "Failed" : "Running";
  }
  const neverStarted = seen.containers.some(
    (status) => status.state?.waiting !== undefined && status.lastState?.terminated === undefined,
  );
  return neverStarted ? "Pending" : "Running";
};

const isSidecar = (pod: Pod, index: number): boolean => pod.spec.initContainers?.[index]?.restartPolicy === "Always";

const isInitialized = (pod: Pod, seen: PodObservation): boolean => uninitialized(pod, seen).length === 0;

/** Names of init containers that have not done their part; a sidecar has when it is started. */
const uninitialized = (pod: Pod, seen: PodObservation): string[] =>
  seen.initContainers.flatMap((status, index) => {
    const done = isSidecar(pod, index) ? status.started === true : status.state?.terminated?.exitCode === 0;
    return done ? [] : [status.name];
  });

const readyConditions = (pod: Pod, seen: PodObservation, phase: string): PodCondition[] => {
  const sandbox: PodCondition = { type: "PodReadyToStartContainers", status: truth(seen.isSandboxReady) };
  if (phase === "Succeeded" || phase === "Failed") {
    const reason = phase === "Succeeded" ? "PodCompleted" : "PodFailed";
    return [
      { ...sandbox, status: "False" },
      phase === "Succeeded" ? { type: "Initialized", status: "True", reason } : initialized(pod, seen),
      { type: "Ready", status: "False", reason },
      { type: "ContainersReady", status: "False", reason },
    ];
  }
  const sidecars = seen.initContainers.filter((_, index) => isSidecar(pod, index));
  const unready = [...sidecars, ...seen.containers].filter((status) => !status.ready).map(({ name }) => name);
  const containersReady: PodCondition =
    unready.length === 0
      ? { type: "ContainersReady", status: "True" }
      : {
          type: "ContainersReady",
          status: "False",
          reason: "ContainersNotReady",
          message: `containers with unready status: [${unready.join(" ")}]`,
        };
  return [sandbox, initialized(pod, seen), ready(pod, containersReady), containersReady];
};

const initialized = (pod: Pod, seen: PodObservation): PodCondition => {
  const missing = uninitialized(pod, seen);
  if (missing.length === 0) return { type: "Initialized", status: "True" };
  const message = `containers with incomplete status: [${missing.join(" ")}]`;
  return { type: "Initialized", status: "False", reason: "ContainersNotInitialized", message };
};

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-readiness-gate */
const ready = (pod: Pod, containersReady: PodCondition): PodCondition => {
  if (containersReady.status === "False") return { ...containersReady, type: "Ready" };
  const gates = (pod.spec.readinessGates ?? []).map(({ conditionType }) => conditionType);
  const closed = gates.filter(
    (type) => pod.status?.conditions?.find((condition) => condition.type === type)?.status !== "True",
  );
  if (closed.length === 0) return { type: "Ready", status: "True" };
  const message = closed
    .map(
      (type) => `corresponding condition of pod readiness gate ${JSON.stringify(type)} does not exist or is not True.`,
    )
    .join(", ");
  return { type: "Ready", status: "False", reason: "ReadinessGatesNotReady", message };
};

const truth = (value: boolean): "True" | "False" => (value ? "True" : "False");
