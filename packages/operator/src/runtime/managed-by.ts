import { managedByOperator } from "../api/names.ts";
import type { CacheView } from "../kube/cache-view.ts";
import { type KubeObject, refOf } from "../kube/objects.ts";
import type { Reconciler } from "../kube/reconciler.ts";

/** Leaves objects alone that say that another controller manages them (`spec.managedBy`, as Kueue sets it). */
export const unlessManagedElsewhere = (
  reconciler: Reconciler,
  cache: CacheView<KubeObject & { readonly spec: { readonly managedBy?: string | undefined } }>,
): Reconciler => ({
  kind: reconciler.kind,
  ...(reconciler.objects === undefined ? {} : { objects: reconciler.objects }),
  reconcile: (key, signal) => {
    const managedBy = cache.get(refOf(key))?.spec.managedBy;
    if (managedBy !== undefined && managedBy !== "" && managedBy !== managedByOperator) return Promise.resolve({});
    return reconciler.reconcile(key, signal);
  },
  close: () => reconciler.close?.(),
});
