import type { ApiAccess } from "../../api/access.ts";
import { ApiError } from "../../api/api-error.ts";
import type { KubeObject, OwnerReference } from "../../api/objects.ts";
import { deleteObject } from "../objects/delete-object.ts";
import { type Controller, type ControllerDeps, queueFor } from "../runtime/controller.ts";
import { keyOfObject } from "../runtime/informer.ts";
import type { CatalogEntry, ResourceCatalog } from "./resource-catalog.ts";

const foreground = "foregroundDeletion";
const orphan = "orphan";

interface Located {
  readonly entry: CatalogEntry;
  readonly object: KubeObject;
}

/**
 * Deletes what has lost its owners, lets go of owners that wait for their dependents, and parts orphans from them.
 * https://kubernetes.io/docs/concepts/architecture/garbage-collection/
 */
export const startGarbageCollector = (deps: ControllerDeps, catalog: ResourceCatalog): Controller => {
  const queue = queueFor(deps, "garbage collector", (key) => reconcile(deps.access, catalog, key));
  const add = ({ entry, object }: Located): void => queue.add(queueKey(entry, object));
  catalog.onEntry((entry) => {
    entry.informer.onChange(({ object, gone, previous }) => {
      const located = { entry, object };
      const owned = object.metadata.ownerReferences !== undefined;
      if (gone) {
        for (const dependent of dependentsOf(catalog, object)) add(dependent);
        // Whoever waits for its dependents may have waited for this one.
        for (const owner of ownersOf(catalog, object)) if (isLeaving(owner.object)) add(owner);
      } else if (isLeaving(object)) {
        add(located);
      } else if (owned && uids(object) !== uids(previous)) add(located);
    });
  });
  return queue;
};

const queueKey = ({ resource, kind }: CatalogEntry, object: KubeObject): string =>
  `${resource.group}/${kind}/${keyOfObject(object)}`;

const uids = (object: KubeObject | undefined): string =>
  (object?.metadata.ownerReferences ?? []).map(({ uid }) => uid).join();

const isLeaving = ({ metadata }: KubeObject): boolean =>
  metadata.deletionTimestamp !== undefined &&
  (metadata.finalizers ?? []).some((finalizer) => finalizer === foreground || finalizer === orphan);

const reconcile = async (access: ApiAccess, catalog: ResourceCatalog, key: string): Promise<undefined> => {
  const [group, kind = "", namespace, name = ""] = key.split("/");
  const entry = catalog.byKind(`${group}/`, kind);
  const object = entry?.informer.get(namespace, name);
  if (entry === undefined || object === undefined) return undefined;
  const { deletionTimestamp, finalizers = [], ownerReferences = [] } = object.metadata;
  if (deletionTimestamp !== undefined) {
    if (finalizers.includes(orphan)) await releaseDependents(access, catalog, { entry, object });
    else if (finalizers.includes(foreground)) await deleteDependents(access, catalog, { entry, object });
    return undefined;
  }
  if (ownerReferences.length > 0) await judgeDependent(access, catalog, { entry, object });
  return undefined;
};

/** Gone when no owner is there, or when all that are there wait for it. */
const judgeDependent = async (access: ApiAccess, catalog: ResourceCatalog, dependent: Located): Promise<void> => {
  const { entry, object } = dependent;
  const references = object.metadata.ownerReferences ?? [];
  const found = references.map((reference) => ({ reference, owner: ownerOf(catalog, object, reference) }));
  const absent = found.filter(({ owner }) => owner === "absent").map(({ reference }) => reference);
  const present = found.filter(({ owner }) => owner !== "absent");
  const isWaiting = ({ owner }: (typeof found)[number]): boolean =>
    typeof owner === "object" && isLeaving(owner.object) && !owner.object.metadata.finalizers?.includes(orphan);
  if (present.length > 0 && !present.every(isWaiting)) {
    if (absent.length === 0) return;
    const kept = references.filter((reference) => !absent.includes(reference));
    await patchMetadata(access, dependent, { ownerReferences: kept });
    return;
  }
  const isAwaited = present.length > 0;
  const hasAwaited = dependentsOf(catalog, object).some((each) => blocks(each.object, object));
  const propagationPolicy = isAwaited && hasAwaited ? "Foreground" : "Background";
  await deleteObject(access, entry.resource, object, { propagationPolicy });
};

/** An owner of a kind that nobody serves may be there: nothing is concluded from it. */
const ownerOf = (
  catalog: ResourceCatalog,
  { metadata }: KubeObject,
  reference: OwnerReference,
): Located | "absent" | "unknown" => {
  const entry = catalog.byKind(reference.apiVersion, reference.kind);
  if (entry === undefined) return "unknown";
  const object = entry.informer.get(entry.namespaced ? metadata.namespace : undefined, reference.name);
  return object?.metadata.uid === reference.uid ? { entry, object } : "absent";
};

const ownersOf = (catalog: ResourceCatalog, object: KubeObject): Located[] =>
  (object.metadata.ownerReferences ?? [])
    .map((reference) => ownerOf(catalog, object, reference))
    .filter((owner): owner is Located => typeof owner === "object");

const dependentsOf = (catalog: ResourceCatalog, { metadata }: KubeObject): Located[] =>
  catalog.entries().flatMap((entry) => entry.informer.ownedBy(metadata.uid).map((object) => ({ entry, object })));

const blocks = (dependent: KubeObject, owner: KubeObject): boolean =>
  (dependent.metadata.ownerReferences ?? []).some(
    ({ uid, blockOwnerDeletion }) => uid === owner.metadata.uid && blockOwnerDeletion === true,
  );

/** https://kubernetes.io/docs/concepts/architecture/garbage-collection/#foreground-deletion */
const deleteDependents = async (access: ApiAccess, catalog: ResourceCatalog, owner: Located): Promise<void> => {
  const dependents = dependentsOf(catalog, owner.object);
  for (const dependent of dependents)
    if (dependent.object.metadata.deletionTimestamp === undefined) await judgeDependent(access, catalog, dependent);
  const remaining = dependentsOf(catalog, owner.object).some(({ object }) => blocks(object, owner.object));
  if (!remaining) await removeFinalizer(access, owner, foreground);
};

/** https://kubernetes.io/docs/concepts/architecture/garbage-collection/#orphaned-dependents */
const releaseDependents = async (access: ApiAccess, catalog: ResourceCatalog, owner: Located): Promise<void> => {
  for (const dependent of dependentsOf(catalog, owner.object)) {
    const references = dependent.object.metadata.ownerReferences ?? [];
    const ownerReferences = references.filter(({ uid }) => uid !== owner.object.metadata.uid);
    await patchMetadata(access, dependent, { ownerReferences });
  }
  await removeFinalizer(access, owner, orphan);
};

const removeFinalizer = async (access: ApiAccess, owner: Located, finalizer: string): Promise<void> => {
  const finalizers = (owner.object.metadata.finalizers ?? []).filter((each) => each !== finalizer);
  // The version says that nobody has changed the list meanwhile.
  const { resourceVersion } = owner.object.metadata;
  await patchMetadata(access, owner, { finalizers, resourceVersion });
};

const patchMetadata = async (access: ApiAccess, { entry, object }: Located, metadata: object): Promise<void> => {
  const { namespace, name, uid } = object.metadata;
  try {
    await access.mergePatch(entry.resource, namespace === undefined ? { name } : { namespace, name }, {
      metadata: { uid, ...metadata },
    });
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== "NotFound") throw error;
  }
};
