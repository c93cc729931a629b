import { serviceConditions, serviceMessages, serviceReasons } from "../../api/conditions.ts";
import { durationMs } from "../../api/duration.ts";
import { annotations } from "../../api/names.ts";
import type { RayService } from "../../api/ray-service.ts";
import type { Condition } from "../../api/schema-parts.ts";
import { type Verdict, withCondition } from "../../cluster/conditions.ts";
import type { ClustersGoal } from "./decide-clusters.ts";
import { type ServiceContext, timeText } from "./service-context.ts";

/** A condition of a list. */
export const conditionOf = (conditions: readonly Condition[] | undefined, type: string): Condition | undefined =>
  conditions?.find((condition) => condition.type === type);

/** Ready of a RayService that begins, or begins again after a suspension. The time-out counts from it. */
export const initialConditions = (service: RayService, context: ServiceContext): Condition[] => {
  const { initializing } = serviceReasons;
  const message = serviceMessages.initializing;
  const others = (service.status?.conditions ?? []).filter(({ type }) => !begun.has(type));
  return [...begun].reduce<Condition[]>(
    (list, type) => set(list, { type, status: "False", reason: initializing, message }, service, context),
    others,
  );
};

const begun: ReadonlySet<string> = new Set([serviceConditions.ready, serviceConditions.upgradeInProgress]);

/** Conditions of a RayService that runs (reference, section 4.8). */
export const runningConditions = (
  service: RayService,
  goal: ClustersGoal,
  endpoints: number,
  context: ServiceContext,
): Condition[] => {
  const former = service.status?.conditions ?? [];
  const list =
    conditionOf(former, serviceConditions.ready) === undefined ? initialConditions(service, context) : former;
  const verdicts = [readyVerdict(list, endpoints), upgradeVerdict(list, goal)].filter((it) => it !== undefined);
  return verdicts.reduce<Condition[]>((all, verdict) => set(all, verdict, service, context), [...list]);
};

const readyVerdict = (list: readonly Condition[], endpoints: number): Verdict | undefined => {
  const type = serviceConditions.ready;
  if (endpoints > 0)
    return {
      type,
      status: "True",
      reason: serviceReasons.nonZeroServeEndpoints,
      message: serviceMessages.nonZeroServeEndpoints,
    };
  const before = conditionOf(list, type);
  const dropped: Verdict = {
    type,
    status: "False",
    reason: serviceReasons.zeroServeEndpoints,
    message: serviceMessages.zeroServeEndpoints,
  };
  if (before?.status === "True") return dropped;
  // Mended, but not serving yet.
  return before?.reason === serviceReasons.validationFailed
    ? { type, status: "False", reason: serviceReasons.initializing, message: serviceMessages.initializing }
    : undefined;
};

const upgradeVerdict = (list: readonly Condition[], goal: ClustersGoal): Verdict | undefined => {
  const type = serviceConditions.upgradeInProgress;
  const { activeName, pendingName, rolling, upgradeReason } = goal;
  const before = conditionOf(list, type);
  if (activeName !== undefined && pendingName !== undefined) {
    const kept = before?.reason === serviceReasons.bothClustersExist ? before.message : undefined;
    const message =
      upgradeReason === undefined
        ? (kept ?? "A new cluster is being made ready")
        : `A new cluster is being made ready: ${upgradeReason}`;
    return { type, status: "True", reason: serviceReasons.bothClustersExist, message };
  }
  if (activeName !== undefined && rolling !== undefined)
    return {
      type,
      status: "True",
      reason: serviceReasons.rollingInPlace,
      message: "Pods of the active cluster are being replaced one after another",
    };
  if (activeName !== undefined)
    return {
      type,
      status: "False",
      reason: serviceReasons.noPendingCluster,
      message: "The active cluster is the only one",
    };
  const starts = before === undefined || before.reason === serviceReasons.initializing;
  return starts
    ? undefined
    : { type, status: "Unknown", reason: serviceReasons.noActiveCluster, message: "No cluster serves" };
};

/** How long a RayService may still take to become ready; undefined: as long as it likes. 0: too long. */
export const initializingLeftMs = (service: RayService, nowMs: number): number | undefined => {
  const text = service.metadata.annotations?.[annotations.initializingTimeout];
  const limitMs = text === undefined ? undefined : durationMs(text);
  const ready = conditionOf(service.status?.conditions, serviceConditions.ready);
  if (limitMs === undefined || ready?.reason !== serviceReasons.initializing) return undefined;
  return Math.max(0, Date.parse(ready.lastTransitionTime) + limitMs - nowMs);
};

/** The list with one verdict. */
export const set = (
  list: readonly Condition[],
  verdict: Verdict,
  service: RayService,
  { nowMs }: ServiceContext,
): Condition[] => withCondition(list, verdict, timeText(nowMs), service.metadata.generation);
