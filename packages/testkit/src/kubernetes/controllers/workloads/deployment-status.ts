import { apiTime } from "../../kubelet/clock.ts";
import { type Condition, conditionOf, withCondition } from "../objects/conditions.ts";
import type { DeploymentObject, ReplicaSetObject } from "../objects/types.ts";
import { isOfTemplate } from "./current-set.ts";
import { resolveCount } from "./rolling-update.ts";

type Status = NonNullable<DeploymentObject["status"]>;

/** A Deployment's status, and in how many ms it is to be looked at again because its time to progress is over. */
export const deploymentStatus = (
  deployment: DeploymentObject,
  sets: readonly ReplicaSetObject[],
  wallMs: number,
): { readonly status: Status; readonly againMs: number | undefined } => {
  const { spec, status: before } = deployment;
  const current = sets.find((set) => isOfTemplate(set, deployment));
  const total = (field: "replicas" | "readyReplicas" | "availableReplicas"): number =>
    sets.reduce((sum, set) => sum + (set.status?.[field] ?? 0), 0);
  const { replicas: wanted = 1 } = spec;
  const availableReplicas = total("availableReplicas");
  const counts = {
    replicas: total("replicas"),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: total("readyReplicas"),
    availableReplicas,
    unavailableReplicas: Math.max(0, Math.max(wanted, total("replicas")) - availableReplicas),
  };
  const now = apiTime(wallMs);
  const { condition, againMs } = progressing(deployment, { ...counts }, current, wallMs);
  let conditions = withUpdate(before?.conditions, available(spec, availableReplicas), now);
  if (condition !== undefined) conditions = withUpdate(conditions, condition, now);
  const nonZero = Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
  const collisions = before?.collisionCount === undefined ? {} : { collisionCount: before.collisionCount };
  const { generation } = deployment.metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  return {
    status: { ...nonZero, ...observed, ...collisions, conditions },
    againMs,
  };
};

type Counts = Required<Pick<Status, "replicas" | "updatedReplicas" | "readyReplicas" | "availableReplicas">>;

const available = ({ replicas = 1, strategy }: DeploymentObject["spec"], count: number): Condition => {
  const isRecreate = strategy?.type === "Recreate";
  const fewer = isRecreate ? 0 : resolveCount(strategy?.rollingUpdate?.maxUnavailable, replicas, Math.floor);
  return count >= replicas - fewer
    ? {
        type: "Available",
        status: "True",
        reason: "MinimumReplicasAvailable",
        message: "Deployment has minimum availability.",
      }
    : {
        type: "Available",
        status: "False",
        reason: "MinimumReplicasUnavailable",
        message: "Deployment does not have minimum availability.",
      };
};

/** https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status */
const progressing = (
  { spec, status: before, metadata }: DeploymentObject,
  counts: Counts,
  current: ReplicaSetObject | undefined,
  wallMs: number,
): { condition?: Condition; againMs: number | undefined } => {
  const { replicas = 1, progressDeadlineSeconds = 600, paused } = spec;
  const type = "Progressing";
  const known = conditionOf<Condition>(before?.conditions, type);
  const name = `ReplicaSet "${current?.metadata.name ?? ""}"`;
  if (paused === true) {
    const message = "Deployment is paused";
    return { condition: { type, status: "Unknown", reason: "DeploymentPaused", message }, againMs: undefined };
  }
  if (current === undefined) return { againMs: undefined };
  const { updatedReplicas, availableReplicas } = counts;
  const complete = [counts.replicas, updatedReplicas, availableReplicas].every((count) => count === replicas);
  if (complete) {
    const message = `${name} has successfully progressed.`;
    return { condition: { type, status: "True", reason: "NewReplicaSetAvailable", message }, againMs: undefined };
  }
  const changed =
    before?.observedGeneration !== metadata.generation || known === undefined || isFurther(before, counts);
  const since = changed ? wallMs : Date.parse(known.lastUpdateTime ?? "");
  const againMs = since + progressDeadlineSeconds * 1_000 - wallMs;
  if (known?.reason === "NewReplicaSetAvailable" && !changed) return { againMs: undefined };
  if (againMs <= 0) {
    const message = `${name} has timed out progressing.`;
    return { condition: { type, status: "False", reason: "ProgressDeadlineExceeded", message }, againMs: undefined };
  }
  if (!changed) return { againMs };
  const lastUpdateTime = apiTime(wallMs);
  const message = `${name} is progressing.`;
  return { condition: { type, status: "True", reason: "ReplicaSetUpdated", message, lastUpdateTime }, againMs };
};

const isFurther = (before: Status | undefined, counts: Counts): boolean =>
  counts.updatedReplicas > (before?.updatedReplicas ?? 0) ||
  counts.readyReplicas > (before?.readyReplicas ?? 0) ||
  counts.availableReplicas > (before?.availableReplicas ?? 0) ||
  counts.replicas - counts.updatedReplicas < (before?.replicas ?? 0) - (before?.updatedReplicas ?? 0);

/** `lastUpdateTime` changes with what the condition says, or as it says itself. */
const withUpdate = (conditions: readonly Condition[] | undefined, next: Condition, now: string): Condition[] => {
  const before = conditionOf(conditions, next.type);
  const same = before?.status === next.status && before.reason === next.reason && before.message === next.message;
  const lastUpdateTime = next.lastUpdateTime ?? (same ? (before.lastUpdateTime ?? now) : now);
  return withCondition(conditions, { ...next, lastUpdateTime }, now);
};
