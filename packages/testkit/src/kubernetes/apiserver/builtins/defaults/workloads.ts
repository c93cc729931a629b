import type { Deployment, ReplicaSet, StatefulSet } from "kubernetes-types/apps/v1.d.ts";
import type { Job } from "kubernetes-types/batch/v1.d.ts";
import type { PodTemplateSpec } from "kubernetes-types/core/v1.d.ts";
import type { PrepareContext } from "../../plugins.ts";
import { defaultPodSpec } from "./pod-spec.ts";

const defaultSurge = "25%";
const historyRevisions = 10;
const progressDeadlineSeconds = 600;
const backoffs = 6;

const defaultTemplate = (template: PodTemplateSpec | undefined): void => {
  if (template === undefined) return;
  template.metadata ??= {};
  if (template.spec !== undefined) defaultPodSpec(template.spec);
};

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/ */
export const defaultDeployment = ({ spec }: Deployment): void => {
  if (spec === undefined) return;
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= historyRevisions;
  spec.progressDeadlineSeconds ??= progressDeadlineSeconds;
  spec.strategy ??= {};
  spec.strategy.type ??= "RollingUpdate";
  if (spec.strategy.type === "RollingUpdate") {
    spec.strategy.rollingUpdate = {
      maxSurge: defaultSurge,
      maxUnavailable: defaultSurge,
      ...spec.strategy.rollingUpdate,
    };
  }
  defaultTemplate(spec.template);
};

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/replica-set-v1/ */
export const defaultReplicaSet = ({ spec }: ReplicaSet): void => {
  if (spec === undefined) return;
  spec.replicas ??= 1;
  defaultTemplate(spec.template);
};

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/stateful-set-v1/ */
export const defaultStatefulSet = ({ spec }: StatefulSet): void => {
  if (spec === undefined) return;
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= historyRevisions;
  spec.podManagementPolicy ??= "OrderedReady";
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ??= "RollingUpdate";
  if (spec.updateStrategy.type === "RollingUpdate") {
    spec.updateStrategy.rollingUpdate = { partition: 0, ...spec.updateStrategy.rollingUpdate };
  }
  spec.persistentVolumeClaimRetentionPolicy = {
    whenDeleted: "Retain",
    whenScaled: "Retain",
    ...spec.persistentVolumeClaimRetentionPolicy,
  };
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.apiVersion ??= "v1";
    claim.kind ??= "PersistentVolumeClaim";
    if (claim.spec !== undefined) claim.spec.volumeMode ??= "Filesystem";
    Object.assign(claim, { status: claim.status ?? { phase: "Pending" } });
  }
  defaultTemplate(spec.template);
};

/** Its own uid selects its pods, unless `manualSelector`. https://kubernetes.io/docs/concepts/workloads/controllers/job/#specifying-your-own-pod-selector */
export const defaultJob = ({ metadata, spec }: Job, { operation }: PrepareContext): void => {
  if (spec === undefined) return;
  spec.completionMode ??= "NonIndexed";
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= backoffs;
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= "TerminatingOrFailed";
  defaultTemplate(spec.template);
  const uid = metadata?.uid;
  if (operation !== "CREATE" || spec.manualSelector === true || spec.template === undefined || uid === undefined)
    return;
  spec.manualSelector = false;
  spec.selector = { matchLabels: { "batch.kubernetes.io/controller-uid": uid } };
  spec.template.metadata ??= {};
  spec.template.metadata.labels = {
    ...spec.template.metadata.labels,
    "batch.kubernetes.io/controller-uid": uid,
    "batch.kubernetes.io/job-name": metadata?.name ?? "",
    "controller-uid": uid,
    "job-name": metadata?.name ?? "",
  };
};
