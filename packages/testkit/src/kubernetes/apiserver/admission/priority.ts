import type { Pod } from "kubernetes-types/core/v1.d.ts";
import type { PriorityClass } from "kubernetes-types/scheduling/v1.d.ts";
import type { KubeObject } from "../../api/objects.ts";
import type { AdmissionPlugin } from "../engine/admission-plugin.ts";
import { forbidden } from "../engine/write-request.ts";
import type { Store } from "../storage/store.ts";

/** A pod's priority from its class, or from the class that is the default. https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/ */
export const priorityAdmission = (store: Store): AdmissionPlugin => ({
  mutate: ({ operation, definition, object, name }) => {
    if (operation !== "CREATE" || definition.storage !== "/pods") return;
    const { spec } = object as KubeObject & Pod;
    if (spec === undefined || typeof spec !== "object") return;
    const classes = store.collection("scheduling.k8s.io/priorityclasses");
    const wanted = spec.priorityClassName ?? "";
    const found = (
      wanted === "" ? classes.all().find((each) => each["globalDefault"] === true) : classes.get(undefined, wanted)
    ) as (KubeObject & PriorityClass) | undefined;
    if (found === undefined && wanted !== "")
      throw forbidden(definition, name, `no PriorityClass with name ${wanted} was found`);
    if (found !== undefined) spec.priorityClassName = found.metadata.name;
    spec.priority = found?.value ?? 0;
    spec.preemptionPolicy = found?.preemptionPolicy ?? "PreemptLowerPriority";
  },
});
