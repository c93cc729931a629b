import type { RayCluster } from "../api/ray-cluster.ts";
import type { WorkerGroupSpec } from "../api/ray-cluster-spec.ts";
import type { EventText } from "../kube/event-text.ts";
import type { JsonPatchStep } from "../kube/kube-api.ts";
import type { PatchAction } from "../kube/plan.ts";
import { rayClusters } from "../kube/ray-resources.ts";
import type { Amounts, Demand } from "./head-load.ts";
import { autoscalerLimits } from "./limits.ts";

/** What of a group is written. */
export interface GroupWrite {
  readonly group: WorkerGroupSpec;
  readonly replicas: number;
  readonly workersToDelete: readonly string[];
  /** Told once it is written; absent: nothing worth telling. */
  readonly text?: EventText;
}

/**
 * A JSON patch of one group, as Ray's own autoscaler writes it (reference, section 2.15). It tests what the decision went
 * by: where another has changed the group meanwhile, nothing is written, and the next pass sees it.
 */
export const patchGroup = (cluster: RayCluster, write: GroupWrite): PatchAction => {
  const { group, replicas, workersToDelete, text } = write;
  const index = (cluster.spec.workerGroupSpecs ?? []).indexOf(group);
  const path = `/spec/workerGroupSpecs/${index}`;
  const named = group.scaleStrategy?.workersToDelete;
  const body: JsonPatchStep[] = [
    { op: "test", path: "/metadata/uid", value: cluster.metadata.uid },
    { op: "test", path: `${path}/groupName`, value: group.groupName },
    { op: "test", path: `${path}/replicas`, value: group.replicas },
    ...(named === undefined
      ? []
      : [{ op: "test", path: `${path}/scaleStrategy/workersToDelete`, value: named } as const]),
    ...(replicas === group.replicas ? [] : [{ op: "replace", path: `${path}/replicas`, value: replicas } as const]),
    // `add` replaces too, and the field may be missing.
    { op: "add", path: `${path}/scaleStrategy`, value: { workersToDelete } },
  ];
  const { namespace, name } = cluster.metadata;
  return {
    kind: "patch",
    scope: `autoscaler:${group.groupName}`,
    resource: rayClusters,
    ref: { namespace, name },
    patch: { type: "json", body },
    ...(text === undefined ? {} : { onDone: text }),
  };
};

/** Replicas are added. */
export const scaledUp = (group: WorkerGroupSpec, replicas: number, demands: readonly Demand[]): EventText => ({
  type: "Normal",
  reason: "ScaledUpWorkerGroup",
  action: "Update",
  note: `Scaled worker group ${group.groupName} from ${group.replicas} to ${replicas} replicas, since there is no room for ${demandText(demands)}`,
});

/** Replicas go. */
export const scaledDown = (
  group: WorkerGroupSpec,
  replicas: number,
  podNames: readonly string[],
  why: string,
): EventText => ({
  type: "Normal",
  reason: "ScaledDownWorkerGroup",
  action: "Update",
  note: `Scaled worker group ${group.groupName} from ${group.replicas} to ${replicas} replicas, since ${why}: ${firstOfMany(podNames)}`,
});

/** No group can take it. */
export const unmetDemand = (demands: readonly Demand[]): EventText => ({
  type: "Warning",
  reason: "InsufficientWorkerGroups",
  action: "Reconcile",
  note: `No worker group can take ${demandText(demands)}: their pods are too small for it, or there are maxReplicas of them`,
});

/** `3 × {CPU: 1}`. */
const demandText = (demands: readonly Demand[]): string =>
  firstOfMany(demands.map(({ count, resources }) => `${count} × {${amountsText(resources)}}`));

const amountsText = (amounts: Amounts): string =>
  Object.entries(amounts)
    .map(([name, amount]) => `${name}: ${amount}`)
    .join(", ");

const firstOfMany = (texts: readonly string[]): string => {
  const shown = texts.slice(0, autoscalerLimits.namesInNote).join(", ");
  const more = texts.length - autoscalerLimits.namesInNote;
  return more > 0 ? `${shown} and ${more} more` : shown;
};
