import type { Pod } from "kubernetes-types/core/v1.d.ts";
import { clusterConditions, clusterReasons, clusterStates } from "../../api/conditions.ts";
import { labels } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import type { RayClusterStatus } from "../../api/ray-cluster-status.ts";
import type { Condition } from "../../api/schema-parts.ts";
import type { Stored } from "../../kube/objects.ts";
import type { ScopeError } from "../../kube/plan.ts";
import { conditionIsTrue, type Verdict, withCondition, withoutCondition } from "../conditions.ts";
import { standbyCount } from "../decide/decide-heads.ts";
import type { ObservedCluster } from "../observed-cluster.ts";
import { omit } from "../omit.ts";
import { byWorth, isHead, isReady, isRunning, isStandby, isTerminating, isWorker } from "../pod-state.ts";
import { sumOverGroups, wantedWorkers } from "../wanted-workers.ts";
import { headVerdict } from "./head-verdict.ts";
import { replicaFailure } from "./replica-failure.ts";
import { sumResources } from "./resource-sums.ts";
import { suspendVerdicts } from "./suspend-verdicts.ts";

/** Parts of a pass that failed, by scope. */
export type PassErrors = ReadonlyMap<string, ScopeError>;

/**
 * A cluster's status as it should be written now (reference, sections 1.4 and 2.13); undefined: it says all of it
 * already.
 */
export const clusterStatus = (
  observed: ObservedCluster,
  errors: PassErrors,
  nowMs: number,
): RayClusterStatus | undefined => {
  const { cluster } = observed;
  const former = cluster.status ?? {};
  const now = new Date(nowMs).toISOString().replace(/\.\d+Z$/, "Z");
  const { generation } = cluster.metadata;
  const head = leadingPod(observed);
  const verdicts = [headVerdict(head), ...provisionedVerdict(observed), ...suspendVerdicts(observed)];
  const conditions = conditionsWith(former.conditions ?? [], verdicts, replicaFailure(errors), now, generation);
  const state = stateOf(observed, conditions, errors);
  const next: RayClusterStatus = {
    ...former,
    ...counts(observed),
    ...sumResources(cluster.spec),
    head: headInfo(observed, head),
    endpoints: { ...former.endpoints, ...endpoints(observed) },
    ...scaleOf(observed),
    conditions,
    state,
    reason: state === clusterStates.ready ? "" : (former.reason ?? ""),
    stateTransitionTimes: {
      ...former.stateTransitionTimes,
      ...(state === (former.state ?? "") || state === "" ? {} : { [state]: now }),
    },
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
  if (sameStatus(former, next)) return undefined;
  return { ...next, lastUpdateTime: now };
};

/** The head that others should speak with: the one that leads as far as its label says, else a standby. */
const leadingPod = ({ pods }: ObservedCluster): Stored<Pod> | undefined => {
  const heads = pods.filter((pod) => isHead(pod) && !isTerminating(pod)).toSorted(byWorth);
  return heads.find((pod) => !isStandby(pod)) ?? heads.find(isReady);
};

/** Sticky: said once, it stays until the cluster is suspended. */
const provisionedVerdict = (observed: ObservedCluster): Verdict[] => {
  const type = clusterConditions.provisioned;
  if (conditionIsTrue(observed.cluster.status?.conditions, type)) return [];
  if (allThere(observed)) {
    const message = "All Ray Pods are ready for the first time";
    return [{ type, status: "True", reason: clusterReasons.allPodRunningAndReadyFirstTime, message }];
  }
  const message = "RayCluster Pods are being provisioned for first time";
  return [{ type, status: "False", reason: clusterReasons.podsProvisioning, message }];
};

/** Every pod that is wanted, running and ready. */
const allThere = ({ cluster, pods }: ObservedCluster): boolean => {
  const live = pods.filter((pod) => !isTerminating(pod));
  const wanted = desiredPods(cluster);
  return live.length >= wanted && live.every((pod) => isRunning(pod) && isReady(pod));
};

const desiredPods = (cluster: RayCluster): number => 1 + standbyCount(cluster) + wantedWorkers(cluster.spec);

const conditionsWith = (
  former: readonly Condition[],
  verdicts: readonly Verdict[],
  failure: Verdict | undefined,
  now: string,
  generation: number | undefined,
): Condition[] => {
  const kept = failure === undefined ? withoutCondition(former, clusterConditions.replicaFailure) : [...former];
  const all = failure === undefined ? verdicts : [...verdicts, failure];
  return all.reduce<Condition[]>((conditions, verdict) => withCondition(conditions, verdict, now, generation), kept);
};

/** Once ready it stays so until it is suspended: tools that wait for it look once. */
const stateOf = (observed: ObservedCluster, conditions: readonly Condition[], errors: PassErrors): string => {
  if (conditionIsTrue(conditions, clusterConditions.suspended)) return clusterStates.suspended;
  const former = observed.cluster.status?.state ?? "";
  const suspending = conditionIsTrue(conditions, clusterConditions.suspending);
  if (![...errors.keys()].some(matters) && !suspending && allThere(observed)) return clusterStates.ready;
  return former === clusterStates.suspended ? "" : former;
};

/** An Ingress or a budget that cannot be made keeps no cluster from its work. */
const matters = (scope: string): boolean => !scope.includes(":") || /^(group|Service):/.test(scope);

const counts = ({ cluster, pods }: ObservedCluster): RayClusterStatus => {
  const workers = pods.filter((pod) => isWorker(pod) && !isTerminating(pod));
  return {
    desiredWorkerReplicas: wantedWorkers(cluster.spec),
    minWorkerReplicas: sumOverGroups(cluster.spec, ({ minReplicas }) => minReplicas),
    maxWorkerReplicas: sumOverGroups(cluster.spec, ({ maxReplicas }) => maxReplicas),
    readyWorkerReplicas: workers.filter(isReady).length,
    availableWorkerReplicas: workers.filter(isRunning).length,
  };
};

/** What `kubectl scale` and autoscalers see: replicas of the first group. */
const scaleOf = ({ cluster, pods }: ObservedCluster): Pick<RayClusterStatus, "scale"> => {
  const first = cluster.spec.workerGroupSpecs?.[0];
  if (first === undefined) return {};
  const group = first.groupName;
  const live = pods.filter(
    (pod) => !isTerminating(pod) && isWorker(pod) && pod.metadata.labels?.[labels.group] === group,
  );
  const replicas = Math.floor(live.length / Math.max(1, first.numOfHosts));
  return { scale: { replicas, selector: `${labels.cluster}=${cluster.metadata.name},${labels.group}=${group}` } };
};

const headInfo = (
  { headService }: ObservedCluster,
  head: Stored<Pod> | undefined,
): NonNullable<RayClusterStatus["head"]> => {
  const podIP = head?.status?.podIP;
  const clusterIP = headService?.spec?.clusterIP;
  // A Service without an address leads to the pod.
  const serviceIP = clusterIP === undefined || clusterIP === "None" ? podIP : clusterIP;
  return {
    ...(podIP === undefined ? {} : { podIP }),
    ...(head === undefined ? {} : { podName: head.metadata.name }),
    ...(serviceIP === undefined ? {} : { serviceIP }),
    ...(headService === undefined ? {} : { serviceName: headService.metadata.name }),
  };
};

const endpoints = ({ headService }: ObservedCluster): Record<string, string> =>
  Object.fromEntries(
    (headService?.spec?.ports ?? [])
      .filter(({ name }) => name !== undefined && name !== "")
      .map(({ name, nodePort, targetPort, port }) => [name, String(nodePort ?? targetPort ?? port)]),
  ) as Record<string, string>;

/**
 * The time of the writing says nothing new by itself. That a newer spec was seen does, unlike in the reference: who waits
 * for it after a change that shows nowhere else would wait for ever.
 */
const sameStatus = (former: RayClusterStatus, next: RayClusterStatus): boolean => bare(former) === bare(next);

const bare = (status: RayClusterStatus): string => sortedJson(omit(status, "lastUpdateTime"));

const sortedJson = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    // Absent, empty text and an empty map are one to an API server.
    const entries = Object.entries(inner).filter(([, field]) => field !== undefined && field !== "" && !isEmpty(field));
    return Object.fromEntries(entries.toSorted(([left], [right]) => (left < right ? -1 : 1)));
  });

const isEmpty = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
