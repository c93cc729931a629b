import { annotations, finalizers } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import type { Action } from "../../kube/plan.ts";
import { rayClusters } from "../../kube/ray-resources.ts";
import { resources } from "../../kube/resources.ts";
import { gcsBackend } from "../build/fault-tolerance.ts";
import { buildRedisCleanupJob } from "../build/redis-cleanup-job.ts";
import { warning, writeEvents } from "../cluster-events.ts";
import type { ClusterOptions } from "../cluster-options.ts";
import { clusterLimits } from "../limits.ts";
import { isOwned } from "../observe-cluster.ts";
import type { ObservedCluster } from "../observed-cluster.ts";
import { isHead, isTerminating, overdueInMs } from "../pod-state.ts";
import { type DecideContext, requeue, scopes } from "./decide-context.ts";
import { deletePod } from "./pod-actions.ts";

/** Whether a cluster's part of Redis has to be emptied when it goes. */
export const wantsRedisCleanup = (cluster: RayCluster, options: ClusterOptions): boolean =>
  options.redisCleanup && gcsBackend(cluster) === "redis";

/** Adds the finalizer, before anything else is made: what is in Redis must not outlive a cluster that dies young. */
export const decideFinalizer = ({ cluster }: ObservedCluster, { options }: DecideContext): Action[] => {
  const present = cluster.metadata.finalizers ?? [];
  if (!wantsRedisCleanup(cluster, options) || present.includes(finalizers.redisCleanup)) return [];
  return [setFinalizers(cluster, [...present, finalizers.redisCleanup])];
};

/**
 * A deleted cluster (reference, section 3.3): heads and workers go, a job empties its part of Redis, then the finalizer
 * goes. None of it lasts for ever: a head that does not end is waited for until it is overdue, a job that fails is enough, and after
 * the time-out the finalizer goes whatever there is still.
 */
export const decideDeletion = (observed: ObservedCluster, context: DecideContext): Action[] => {
  const { cluster } = observed;
  const { finalizers: present = [], deletionTimestamp = "" } = cluster.metadata;
  if (!present.includes(finalizers.redisCleanup)) return [];
  if (!wantsRedisCleanup(cluster, context.options)) return [dropFinalizer(cluster)];
  const leftMs = Date.parse(deletionTimestamp) + deletionTimeoutMs(cluster) - context.nowMs;
  if (leftMs <= 0) return [dropFinalizer(cluster), forced(deletionTimeoutMs(cluster))];
  const live = observed.pods.filter((pod) => !isTerminating(pod));
  const deletions = [...live.filter(isHead), ...live.filter((pod) => !isHead(pod))].map((pod) =>
    deletePod(pod, scopes.pods, "its cluster is deleted"),
  );
  const headWaits = observed.pods
    .filter(isHead)
    .map((pod) => (isTerminating(pod) ? overdueInMs(pod, context.nowMs) : clusterLimits.deletionRequeueMs));
  const waitMs = Math.min(Math.max(0, ...headWaits), clusterLimits.deletionRequeueMs, leftMs);
  if (waitMs > 0) return [...deletions, requeue(scopes.pods, waitMs)];
  return [...deletions, ...cleanUp(observed, context, leftMs)];
};

const cleanUp = (observed: ObservedCluster, { options, nowMs }: DecideContext, leftMs: number): Action[] => {
  const { cluster, cleanupJob: job } = observed;
  const scope = scopes.finalizer;
  const later = requeue(scope, Math.min(clusterLimits.cleanupRequeueMs, leftMs));
  if (job === undefined) {
    const create: Action = {
      kind: "create",
      scope,
      resource: resources.jobs,
      object: buildRedisCleanupJob(cluster, options),
      ifExists: "ignore",
      ...writeEvents("Create", "RedisCleanupJob"),
    };
    return [create, later];
  }
  // The job of a former cluster of this name goes with that one.
  if (!isOwned(cluster, job)) return [later];
  const ended = (job.status?.conditions ?? []).find(
    ({ type, status }) => ["Complete", "Failed", "FailureTarget"].includes(type) && status === "True",
  );
  if (ended === undefined) {
    const obstacle = whyNotStarted(observed, nowMs);
    return obstacle === undefined ? [later] : [failed(job, obstacle), dropFinalizer(cluster)];
  }
  if (ended.type === "Complete") return [dropFinalizer(cluster)];
  const why = [ended.reason, ended.message].filter((text) => text !== undefined).join(": ");
  return [failed(job, why), dropFinalizer(cluster)];
};

/** Reasons of a kubelet for a container that waits for what nobody is going to bring, usually. */
const hopeless: ReadonlySet<string> = new Set(["CreateContainerConfigError", "ImagePullBackOff", "InvalidImageName"]);

/**
 * What keeps the job's pod from starting, once that has lasted. Most often the Secret with the password, deleted by the
 * same `kubectl delete -f` as the cluster.
 */
const whyNotStarted = ({ cleanupPod: pod }: ObservedCluster, nowMs: number): string | undefined => {
  if (pod === undefined) return undefined;
  if (nowMs - Date.parse(pod.metadata.creationTimestamp) < clusterLimits.cleanupStartMs) return undefined;
  const waiting = pod.status?.containerStatuses?.[0]?.state?.waiting;
  if (waiting === undefined || !hopeless.has(waiting.reason ?? "")) return undefined;
  return [waiting.reason, waiting.message].filter((text) => text !== undefined).join(": ");
};

const failed = (job: NonNullable<ObservedCluster["cleanupJob"]>, why: string): Action => {
  const note = `The Redis clean-up job ${job.metadata.name} failed (${why}): data of this cluster may be left in Redis`;
  return { kind: "event", scope: scopes.finalizer, text: warning("RedisCleanupFailed", "Cleanup", note) };
};

/** Lets the cluster go; for the caller, where nothing can be created any more (its namespace is going). */
export const dropFinalizer = (cluster: RayCluster): Action =>
  setFinalizers(
    cluster,
    (cluster.metadata.finalizers ?? []).filter((name) => name !== finalizers.redisCleanup),
  );

const setFinalizers = (cluster: RayCluster, names: readonly string[]): Action => ({
  kind: "patch",
  scope: scopes.finalizer,
  resource: rayClusters,
  ref: { namespace: cluster.metadata.namespace, name: cluster.metadata.name },
  // The list is replaced whole: with its version, nobody else's finalizer gets lost.
  patch: {
    type: "merge",
    body: { metadata: { finalizers: names, resourceVersion: cluster.metadata.resourceVersion } },
  },
});

const deletionTimeoutMs = ({ metadata }: RayCluster): number => {
  const text = metadata.annotations?.[annotations.gcsFtDeletionTimeout] ?? "";
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return seconds > 0 ? seconds * 1_000 : clusterLimits.deletionTimeoutMs;
};

const forced = (afterMs: number): Action => ({
  kind: "event",
  scope: scopes.finalizer,
  text: warning(
    "ForceDeletedStuckCluster",
    "Delete",
    `The cluster was not cleaned up within ${afterMs / 1_000} s and is deleted anyway: data of it may be left in Redis`,
  ),
});
