import type { Pod, PodSpec } from "kubernetes-types/core/v1.d.ts";
import type { FieldProblems } from "../../field-problems.ts";
import { cloneJson, equalJson } from "../../json.ts";
import type { PrepareContext } from "../../plugins.ts";
import { validatePodSpec, validateReferences } from "./pod-spec.ts";

const mutableFields =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/** https://kubernetes.io/docs/concepts/workloads/pods/#pod-update-and-replacement */
export const validatePod = (pod: Pod, { old }: PrepareContext, problems: FieldProblems): void => {
  const { spec } = pod;
  if (spec === undefined) {
    problems.required("spec.containers");
    return;
  }
  validatePodSpec(spec, "spec", problems);
  validateReferences(spec, "spec", problems);
  const before = (old as Pod | undefined)?.spec;
  if (before !== undefined && !equalJson(withoutMutable(spec, before), before))
    problems.forbidden("spec", mutableFields);
};

/** The new spec with what may change put back to what it was. */
const withoutMutable = (spec: PodSpec, before: PodSpec): PodSpec => {
  const same = cloneJson(spec);
  for (const list of ["containers", "initContainers"] as const) {
    for (const [index, container] of (same[list] ?? []).entries()) {
      const image = before[list]?.[index]?.image;
      if (image !== undefined) container.image = image;
    }
  }
  putBack(same, before, "activeDeadlineSeconds");
  const tolerations = before.tolerations ?? [];
  const added = tolerations.every((toleration) =>
    (spec.tolerations ?? []).some((other) => equalJson(toleration, other)),
  );
  if (added) putBack(same, before, "tolerations");
  // Scheduling: a pod without a node may get one (the binding subresource does it).
  if ((before.nodeName ?? "") === "") putBack(same, before, "nodeName");
  if ((before.schedulingGates ?? []).length > (spec.schedulingGates ?? []).length)
    putBack(same, before, "schedulingGates");
  return same;
};

const putBack = (spec: PodSpec, before: PodSpec, field: keyof PodSpec): void => {
  if (before[field] === undefined) delete spec[field];
  else Object.assign(spec, { [field]: before[field] });
};
