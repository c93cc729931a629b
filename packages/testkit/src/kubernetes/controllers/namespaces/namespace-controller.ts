import { resources } from "../../api/resources.ts";
import type { ResourceCatalog } from "../garbage/resource-catalog.ts";
import { controllerLimits } from "../limits.ts";
import { deleteObject } from "../objects/delete-object.ts";
import type { NamespaceObject } from "../objects/types.ts";
import { type Controller, type ControllerDeps, queueFor } from "../runtime/controller.ts";

/**
 * Empties a namespace that is deleted, then lets it go.
 * https://kubernetes.io/docs/tasks/administer-cluster/namespaces/#deleting-a-namespace
 */
export const startNamespaces = (deps: ControllerDeps, catalog: ResourceCatalog): Controller => {
  const namespaces = deps.informers.of<NamespaceObject>(resources.namespaces);
  const queue = queueFor(deps, "namespace", async (name) => {
    const namespace = namespaces.get(undefined, name);
    if (namespace?.metadata.deletionTimestamp === undefined) return undefined;
    if ((namespace.spec.finalizers ?? []).length === 0) return undefined;
    const remaining = await emptyNamespace(deps, catalog, name);
    if (remaining > 0) return controllerLimits.namespaceRetryMs;
    const present = namespaces.get(undefined, name);
    if (present === undefined) return undefined;
    const finalizers = (present.spec.finalizers ?? []).filter((finalizer) => finalizer !== "kubernetes");
    await deps.access.update(resources.namespaces, { ...present, spec: { ...present.spec, finalizers } });
    return undefined;
  });
  namespaces.onChange(({ object }) => {
    if (object.metadata.deletionTimestamp !== undefined) queue.add(object.metadata.name);
  });
  return queue;
};

/** How many objects are still there. */
const emptyNamespace = async (
  { access, informers }: ControllerDeps,
  catalog: ResourceCatalog,
  name: string,
): Promise<number> => {
  let remaining = 0;
  for (const { resource, informer, namespaced } of catalog.entries()) {
    if (!namespaced) continue;
    for (const object of informer.inNamespace(name))
      if (object.metadata.deletionTimestamp === undefined)
        await deleteObject(access, resource, object, { propagationPolicy: "Background" });
    remaining += informer.inNamespace(name).length;
  }
  if (remaining > 0) return remaining;
  // Last: what happened to the others is told there.
  const events = informers.of(resources.coreEvents);
  for (const event of events.inNamespace(name)) await deleteObject(access, resources.coreEvents, event);
  return events.inNamespace(name).length;
};
