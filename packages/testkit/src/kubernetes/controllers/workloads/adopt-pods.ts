import type { LabelSelector } from "kubernetes-types/meta/v1.d.ts";
import type { ApiAccess } from "../../api/access.ts";
import type { KubeObject } from "../../api/objects.ts";
import { resources } from "../../api/resources.ts";
import { namespaceOf, type Pod } from "../../kubelet/types.ts";
import { controllerOf, controllerReference } from "../objects/ownership.ts";
import { isActive } from "../objects/pod-state.ts";
import { selectsLabels } from "../objects/selects-labels.ts";
import type { Informer } from "../runtime/informer.ts";

/**
 * Takes pods that fit the selector and have no controller, and lets go of its own that do not fit any more.
 * https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#non-template-pod-acquisitions
 */
export const adoptPods = async (
  access: ApiAccess,
  owner: KubeObject & { spec: { selector?: LabelSelector } },
  pods: Informer<Pod>,
): Promise<void> => {
  const { selector } = owner.spec;
  for (const pod of pods.ownedBy(owner.metadata.uid)) {
    if (controllerOf(pod)?.uid !== owner.metadata.uid || selectsLabels(selector, pod.metadata.labels)) continue;
    const others = (pod.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid);
    await setOwners(access, pod, others);
  }
  const labels = selector?.matchLabels ?? {};
  for (const pod of pods.labelled(owner.metadata.namespace, labels)) {
    if (controllerOf(pod) !== undefined || !isActive(pod) || !selectsLabels(selector, pod.metadata.labels)) continue;
    await setOwners(access, pod, [...(pod.metadata.ownerReferences ?? []), controllerReference(owner)]);
  }
};

const setOwners = async (access: ApiAccess, pod: Pod, ownerReferences: object[]): Promise<void> => {
  const { uid, name } = pod.metadata;
  await access.mergePatch(
    resources.pods,
    { namespace: namespaceOf(pod), name },
    { metadata: { uid, ownerReferences } },
  );
};
