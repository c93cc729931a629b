import type { PersistentVolumeClaim } from "kubernetes-types/core/v1.d.ts";
import type { KubeObject } from "../../api/objects.ts";
import type { AdmissionPlugin } from "../engine/admission-plugin.ts";
import type { Store } from "../storage/store.ts";

const defaultAnnotation = "storageclass.kubernetes.io/is-default-class";

/** A claim that names no class gets the default one. https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#defaultstorageclass */
export const defaultStorageClassAdmission = (store: Store): AdmissionPlugin => ({
  mutate: ({ operation, definition, object }) => {
    if (operation !== "CREATE" || definition.storage !== "/persistentvolumeclaims") return;
    const { spec } = object as KubeObject & PersistentVolumeClaim;
    if (spec === undefined || typeof spec !== "object" || spec.storageClassName !== undefined) return;
    const classes = store.collection("storage.k8s.io/storageclasses").all();
    const found = classes.find(({ metadata }) => metadata.annotations?.[defaultAnnotation] === "true");
    if (found !== undefined) spec.storageClassName = found.metadata.name;
  },
});
