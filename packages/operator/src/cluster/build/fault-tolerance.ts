import type { EnvVar, PersistentVolumeClaim, Volume, VolumeMount } from "kubernetes-types/core/v1.d.ts";
import { annotations } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import type { RedisCredential } from "../../api/ray-cluster-spec.ts";
import { clusterLabels } from "./labels.ts";
import { gcsClaimName } from "./names.ts";
import { ownedBy } from "./owner.ts";

/** Where a cluster's control store keeps its tables: in the head pod alone, in a volume, or in Redis. */
export type GcsBackend = "none" | "embedded" | "redis";

/** Reads it from `gcsFaultToleranceOptions`, else from the annotation `ray.io/ft-enabled`. */
export const gcsBackend = (cluster: RayCluster): GcsBackend => {
  const options = cluster.spec.gcsFaultToleranceOptions;
  if (options !== undefined) return options.backend === "rocksdb" ? "embedded" : "redis";
  return cluster.metadata.annotations?.[annotations.ftEnabled]?.toLowerCase() === "true" ? "redis" : "none";
};

/** Whose part of Redis it is: what the user says, else the cluster's uid, which nobody else can have. */
export const storageNamespace = (cluster: RayCluster): string => {
  const options = cluster.spec.gcsFaultToleranceOptions;
  const named =
    options?.externalStorageNamespace ?? cluster.metadata.annotations?.[annotations.externalStorageNamespace];
  return named === undefined || named === "" ? cluster.metadata.uid : named;
};

/** Start parameters of a head whose Redis wants credentials. */
export const redisParams = (cluster: RayCluster): Record<string, string> => {
  const options = cluster.spec.gcsFaultToleranceOptions;
  return {
    ...(options?.redisUsername === undefined ? {} : { "redis-username": "$REDIS_USERNAME" }),
    ...(options?.redisPassword === undefined ? {} : { "redis-password": "$REDIS_PASSWORD" }),
  };
};

/** Variables of the head that win over the user's. */
export const redisEnv = (cluster: RayCluster): EnvVar[] => {
  const options = cluster.spec.gcsFaultToleranceOptions;
  if (options === undefined || gcsBackend(cluster) !== "redis") return [];
  return [
    ...(options.redisAddress === undefined ? [] : [{ name: "RAY_REDIS_ADDRESS", value: options.redisAddress }]),
    ...credential("REDIS_USERNAME", options.redisUsername),
    ...credential("REDIS_PASSWORD", options.redisPassword),
  ];
};

const credential = (name: string, given: RedisCredential | undefined): EnvVar[] => {
  if (given === undefined) return [];
  return [given.valueFrom === undefined ? { name, value: given.value ?? "" } : { name, valueFrom: given.valueFrom }];
};

/** Variables of the head where the user has not set them. */
export const storageEnv = (cluster: RayCluster): EnvVar[] => {
  const backend = gcsBackend(cluster);
  if (backend === "none") return [];
  if (backend === "embedded") {
    return [
      { name: "RAY_gcs_storage", value: "rocksdb" },
      { name: "RAY_gcs_storage_path", value: gcsMountPath },
    ];
  }
  const password = cluster.spec.headGroupSpec.rayStartParams?.["redis-password"];
  return [
    { name: "RAY_external_storage_namespace", value: storageNamespace(cluster) },
    ...(password === undefined ? [] : passwordEnv(password)),
  ];
};

/** The parameter is a word of a shell: a literal, or a variable, which Kubernetes writes `$(NAME)`. */
const passwordEnv = (parameter: string): EnvVar[] => {
  const variable = /^"?\$\{?(\w+)\}?"?$/.exec(parameter)?.[1];
  if (variable === "REDIS_PASSWORD") return [];
  return [{ name: "REDIS_PASSWORD", value: variable === undefined ? parameter : `$(${variable})` }];
};

/** Annotations of a head pod. */
export const ftAnnotations = (cluster: RayCluster): Record<string, string> => {
  const backend = gcsBackend(cluster);
  return {
    [annotations.ftEnabled]: String(backend !== "none"),
    ...(backend === "redis" ? { [annotations.externalStorageNamespace]: storageNamespace(cluster) } : {}),
  };
};

const gcsMountPath = "/data/gcs";
const gcsVolumeName = "gcs-storage";

/** Volume of the embedded store, for the head pod. */
export const gcsVolume = (cluster: RayCluster): { volumes: Volume[]; mounts: VolumeMount[] } => {
  if (gcsBackend(cluster) !== "embedded") return { volumes: [], mounts: [] };
  const storage = cluster.spec.gcsFaultToleranceOptions?.storage;
  const claimName = storage?.claimName ?? gcsClaimName(cluster.metadata.name);
  return {
    volumes: [{ name: gcsVolumeName, persistentVolumeClaim: { claimName } }],
    mounts: [
      {
        name: gcsVolumeName,
        mountPath: gcsMountPath,
        ...(storage?.subPath === undefined ? {} : { subPath: storage.subPath }),
      },
    ],
  };
};

/** Claim of the embedded store; undefined where none is wanted, or the user brings one. */
export const buildGcsClaim = (cluster: RayCluster): PersistentVolumeClaim | undefined => {
  const storage = cluster.spec.gcsFaultToleranceOptions?.storage;
  if (gcsBackend(cluster) !== "embedded" || storage?.claimName !== undefined) return undefined;
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name: gcsClaimName(cluster.metadata.name),
      namespace: cluster.metadata.namespace,
      labels: clusterLabels(cluster),
      // Without an owner it outlives the cluster.
      ...(storage?.deletionPolicy === "Retain" ? {} : { ownerReferences: [ownedBy(cluster)] }),
    },
    spec: {
      accessModes: [...(storage?.accessModes ?? ["ReadWriteOnce"])],
      resources: { requests: { storage: String(storage?.size ?? "1Gi") } },
      ...(storage?.storageClassName === undefined ? {} : { storageClassName: storage.storageClassName }),
    },
  };
};
