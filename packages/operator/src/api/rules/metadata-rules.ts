import { clusterConditions } from "../conditions.ts";
import { durationMs } from "../duration.ts";
import { annotations, kinds, labels } from "../names.ts";
import type { RayCluster } from "../ray-cluster.ts";
import type { RayService } from "../ray-service.ts";
import { headEnvHas } from "./head-pod.ts";
import type { Rule } from "./rule.ts";

type Either = RayCluster | RayService;

const annotation = (object: Either, name: string): string => object.metadata.annotations?.[name] ?? "";
const label = (object: Either, name: string): string => object.metadata.labels?.[name] ?? "";

/** The API server's CEL sees no labels or annotations, so these are checked by the operator alone. */
const commonRules: readonly Rule<Either>[] = [
  {
    name: "refused",
    field: "metadata.labels",
    message: `the label ${labels.gangScheduling} is not supported: there is no batch scheduler behind it; let Kueue admit the cluster as a whole, by suspend`,
    holds: (object) => !["true", "1"].includes(label(object, labels.gangScheduling)),
  },
  {
    name: "refused",
    field: "metadata.labels",
    message: `the label ${labels.priorityClassName} is not supported: set priorityClassName in the pod templates`,
    holds: (object) => label(object, labels.priorityClassName) === "",
  },
  {
    name: "standby",
    field: "metadata.annotations",
    message: `the annotation ${annotations.standbyHeads} must be 0 or 1`,
    holds: (object) => ["", "0", "1"].includes(annotation(object, annotations.standbyHeads)),
  },
];

const ftByAnnotation = (cluster: RayCluster): boolean => annotation(cluster, annotations.ftEnabled) === "true";
const ftByOptions = (cluster: RayCluster): boolean => cluster.spec.gcsFaultToleranceOptions !== undefined;

const conditionIsTrue = (cluster: RayCluster, type: string): boolean =>
  (cluster.status?.conditions ?? []).some((condition) => condition.type === type && condition.status === "True");

/** V5 to V7 and V15 of a RayCluster. */
export const clusterMetadataRules: readonly Rule<RayCluster>[] = [
  ...commonRules,
  {
    name: "V5",
    field: "metadata.annotations",
    message: `the annotation ${annotations.ftEnabled} must not be set together with gcsFaultToleranceOptions: leave the annotation out`,
    holds: (cluster) => !ftByOptions(cluster) || annotation(cluster, annotations.ftEnabled) === "",
  },
  {
    name: "V6",
    field: "spec.headGroupSpec.template",
    message:
      "the head's Ray container must not have the variable RAY_REDIS_ADDRESS without fault tolerance: set gcsFaultToleranceOptions.redisAddress instead",
    holds: (cluster) =>
      ftByAnnotation(cluster) || ftByOptions(cluster) || !headEnvHas(cluster.spec, "RAY_REDIS_ADDRESS"),
  },
  {
    name: "V7",
    field: "metadata.annotations",
    message: `the annotation ${annotations.externalStorageNamespace} must not be set together with gcsFaultToleranceOptions: set externalStorageNamespace there`,
    holds: (cluster) => !ftByOptions(cluster) || annotation(cluster, annotations.externalStorageNamespace) === "",
  },
  {
    name: "standby",
    field: "metadata.annotations",
    message: `the annotation ${annotations.standbyHeads} needs fault tolerance by Redis: set gcsFaultToleranceOptions.redisAddress`,
    holds: (cluster) =>
      ["", "0"].includes(annotation(cluster, annotations.standbyHeads)) ||
      ftByAnnotation(cluster) ||
      (cluster.spec.gcsFaultToleranceOptions?.redisAddress ?? "") !== "",
  },
  {
    name: "upgrade",
    field: "spec.upgradeStrategy.type",
    message: "upgradeStrategy.type must not be Recreate in a cluster of a RayService, which does its upgrades itself",
    holds: (cluster) =>
      label(cluster, labels.originatedFromKind) !== kinds.rayService ||
      cluster.spec.upgradeStrategy?.type !== "Recreate",
  },
  {
    name: "V15",
    field: "status.conditions",
    message: "status.conditions must not say both RayClusterSuspending and RayClusterSuspended",
    holds: (cluster) =>
      !conditionIsTrue(cluster, clusterConditions.suspending) || !conditionIsTrue(cluster, clusterConditions.suspended),
  },
];

/** V16's annotation. What a RayService shares with its clusters is in their rules. */
export const serviceMetadataRules: readonly Rule<RayService>[] = [
  {
    name: "V16",
    field: "metadata.annotations",
    message: `the annotation ${annotations.initializingTimeout} must be seconds, or a duration such as 10m or 1h30m, above 0`,
    holds: (service) => {
      const text = service.metadata.annotations?.[annotations.initializingTimeout];
      return text === undefined || durationMs(text) !== undefined;
    },
  },
];
