import type { GcsFaultToleranceOptions, RayClusterSpec, RedisCredential } from "../ray-cluster-spec.ts";
import { celHeadEnvHas, celHeadMounts, headEnvHas, headMounts } from "./head-pod.ts";
import { type Rule, type RuleSet, ruleSet } from "./rule.ts";

const options = "self.gcsFaultToleranceOptions";
const isEmbedded = `has(${options}.backend) && ${options}.backend == 'rocksdb'`;

const embedded = (spec: RayClusterSpec): boolean => spec.gcsFaultToleranceOptions?.backend === "rocksdb";

/** V7 to V9: what the head pod must leave to the options. */
const specRules: readonly Rule<RayClusterSpec>[] = [
  {
    name: "V7",
    field: "headGroupSpec.rayStartParams",
    message:
      "headGroupSpec.rayStartParams must not have the key redis-password together with gcsFaultToleranceOptions: set gcsFaultToleranceOptions.redisPassword instead",
    cel: `!has(${options}) || !has(self.headGroupSpec.rayStartParams) || !('redis-password' in self.headGroupSpec.rayStartParams)`,
    holds: (spec) =>
      spec.gcsFaultToleranceOptions === undefined ||
      !Object.hasOwn(spec.headGroupSpec.rayStartParams ?? {}, "redis-password"),
  },
  {
    name: "V7",
    field: "headGroupSpec.template",
    message:
      "the Ray container of headGroupSpec must not have the variables REDIS_PASSWORD or RAY_REDIS_ADDRESS together with gcsFaultToleranceOptions: set redisPassword and redisAddress there instead",
    cel: `!has(${options}) || !${celHeadEnvHas("REDIS_PASSWORD", "RAY_REDIS_ADDRESS")}`,
    holds: (spec) =>
      spec.gcsFaultToleranceOptions === undefined || !headEnvHas(spec, "REDIS_PASSWORD", "RAY_REDIS_ADDRESS"),
  },
  {
    name: "V8",
    field: "headGroupSpec.template",
    message:
      "the Ray container of headGroupSpec must not have the variable REDIS_USERNAME: set gcsFaultToleranceOptions.redisUsername instead",
    cel: `!${celHeadEnvHas("REDIS_USERNAME")}`,
    holds: (spec) => !headEnvHas(spec, "REDIS_USERNAME"),
  },
  {
    name: "V9",
    field: "headGroupSpec.template",
    message:
      "the Ray container of headGroupSpec must not have the variables RAY_gcs_storage or RAY_gcs_storage_path with the backend rocksdb: the operator sets them",
    cel: `!has(${options}) || !(${isEmbedded}) || !${celHeadEnvHas("RAY_gcs_storage", "RAY_gcs_storage_path")}`,
    holds: (spec) => !embedded(spec) || !headEnvHas(spec, "RAY_gcs_storage", "RAY_gcs_storage_path"),
  },
  {
    name: "V9",
    field: "headGroupSpec.template",
    message:
      "headGroupSpec must not have a volume or mount named gcs-storage, nor a mount at /data/gcs, with the backend rocksdb: the operator adds them",
    cel: `!has(${options}) || !(${isEmbedded}) || !${celHeadMounts("gcs-storage", "/data/gcs")}`,
    holds: (spec) => !embedded(spec) || !headMounts(spec, "gcs-storage", "/data/gcs"),
  },
];

const hasRedisFields = (gcs: GcsFaultToleranceOptions): boolean =>
  gcs.redisAddress !== undefined ||
  gcs.redisUsername !== undefined ||
  gcs.redisPassword !== undefined ||
  gcs.externalStorageNamespace !== undefined;

/** V9: the options themselves. */
const optionRules: readonly Rule<GcsFaultToleranceOptions>[] = [
  {
    name: "V9",
    field: "backend",
    message:
      "backend must not have redisAddress, redisUsername, redisPassword or externalStorageNamespace with rocksdb",
    cel: "!has(self.backend) || self.backend != 'rocksdb' || !(has(self.redisAddress) || has(self.redisUsername) || has(self.redisPassword) || has(self.externalStorageNamespace))",
    holds: (gcs) => gcs.backend !== "rocksdb" || !hasRedisFields(gcs),
  },
  {
    name: "V9",
    field: "storage",
    message: "storage must not be set unless backend is rocksdb",
    cel: "!has(self.storage) || (has(self.backend) && self.backend == 'rocksdb')",
    holds: (gcs) => gcs.storage === undefined || gcs.backend === "rocksdb",
  },
  {
    name: "V9",
    field: "redisAddress",
    message: "redisAddress must be set unless backend is rocksdb",
    cel: "(has(self.backend) && self.backend == 'rocksdb') || (has(self.redisAddress) && self.redisAddress != '')",
    holds: (gcs) => gcs.backend === "rocksdb" || (gcs.redisAddress ?? "") !== "",
  },
  {
    name: "V9",
    field: "backend",
    message: "backend is immutable: make a new cluster to move to another one",
    cel: "(has(self.backend) ? self.backend : 'redis') == (has(oldSelf.backend) ? oldSelf.backend : 'redis')",
  },
];

const storageRules: readonly Rule<NonNullable<GcsFaultToleranceOptions["storage"]>>[] = [
  {
    name: "V9",
    field: "claimName",
    message:
      "claimName must not be set together with size, storageClassName or accessModes: it names a claim that exists",
    cel: "!has(self.claimName) || self.claimName == '' || !(has(self.size) || has(self.storageClassName) || has(self.accessModes))",
    holds: ({ claimName = "", size, storageClassName, accessModes }) =>
      claimName === "" || (size === undefined && storageClassName === undefined && accessModes === undefined),
  },
];

const credentialRules: readonly Rule<RedisCredential>[] = [
  {
    name: "V7",
    field: "value",
    message: "value must not be set together with valueFrom",
    cel: "!has(self.value) || self.value == '' || !has(self.valueFrom)",
    holds: ({ value = "", valueFrom }) => value === "" || valueFrom === undefined,
  },
];

/** Rules about the control store's fault tolerance, from a RayCluster's spec. */
export const gcsRuleSets: readonly RuleSet[] = [
  ruleSet([], specRules),
  ruleSet(["gcsFaultToleranceOptions"], optionRules),
  ruleSet(["gcsFaultToleranceOptions", "storage"], storageRules),
  ruleSet(["gcsFaultToleranceOptions", "redisUsername"], credentialRules),
  ruleSet(["gcsFaultToleranceOptions", "redisPassword"], credentialRules),
];
