import type { Job } from "kubernetes-types/batch/v1.d.ts";
import type { Container, PodSpec } from "kubernetes-types/core/v1.d.ts";
import { labels, labelValues } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import type { ClusterOptions } from "../cluster-options.ts";
import { clusterLimits } from "../limits.ts";
import { omit } from "../omit.ts";
import { buildHeadPod } from "./head-pod.ts";
import { redisCleanupJobName } from "./names.ts";
import { ownedBy } from "./owner.ts";

/**
 * Job that removes what a deleted cluster has stored in Redis: the head's Ray container with its variables and volumes,
 * which runs `manta redis-cleanup` (docs/redis.md).
 */
export const buildRedisCleanupJob = (cluster: RayCluster, options: ClusterOptions): Job => {
  const name = redisCleanupJobName(cluster.metadata.name);
  const head = buildHeadPod(cluster, name, "leader", options);
  const headLabels = omit(head.metadata?.labels ?? {}, labels.headRole, labels.podRevision);
  const jobLabels = { ...headLabels, [labels.nodeType]: labelValues.redisCleanup };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name,
      namespace: cluster.metadata.namespace,
      labels: jobLabels,
      ownerReferences: [ownedBy(cluster)],
    },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: clusterLimits.cleanupJobSeconds,
      template: {
        metadata: { labels: jobLabels, annotations: head.metadata?.annotations ?? {} },
        spec: cleanupPod(head.spec ?? { containers: [] }),
      },
    },
  };
};

const cleanupPod = (head: PodSpec): PodSpec => ({
  ...omit(head, "topologySpreadConstraints", "terminationGracePeriodSeconds"),
  containers: head.containers.slice(0, 1).map(cleanupContainer),
  restartPolicy: "Never",
});

const cleanupContainer = (ray: Container): Container => {
  const amounts = { cpu: "200m", memory: "256Mi" };
  return {
    ...omit(ray, "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "ports"),
    command: ["manta"],
    args: ["redis-cleanup"],
    env: [...(ray.env ?? []), ...retries],
    resources: { limits: { ...amounts }, requests: { ...amounts } },
  };
};

/** A Redis that is away for a minute is waited for. */
const retries: NonNullable<Container["env"]> = [
  { name: "RAY_redis_db_connect_retries", value: "120" },
  { name: "RAY_redis_db_connect_wait_milliseconds", value: "500" },
];
