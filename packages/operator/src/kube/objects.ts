/** `metadata` as anything that goes to the API may have it; kinds of `kubernetes-types` and our own fit. */
export interface ObjectMeta {
  readonly name?: string | undefined;
  readonly generateName?: string | undefined;
  readonly namespace?: string | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly generation?: number | undefined;
  readonly creationTimestamp?: string | undefined;
  readonly deletionTimestamp?: string | undefined;
  readonly deletionGracePeriodSeconds?: number | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly ownerReferences?: readonly OwnerReference[] | undefined;
  readonly finalizers?: readonly string[] | undefined;
}

/** Who an object belongs to. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean | undefined;
  readonly blockOwnerDeletion?: boolean | undefined;
}

/** Any object of the API as plain JSON, as one writes it: the server fills in the rest. */
export interface KubeObject {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata?: ObjectMeta | undefined;
}

/** What every object that the server hands out has. */
export interface StoredMeta extends ObjectMeta {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
}

/** An object as the server or a cache hands it out. Never change one in place: caches share it. */
export type Stored<T extends KubeObject = KubeObject> = T & { readonly metadata: StoredMeta };

/** An object as one sends it: of `metadata` only what one wants to say. */
export type Draft<T extends KubeObject = KubeObject> = Omit<T, "metadata"> & {
  readonly metadata?: ObjectMeta | undefined;
};

/** One object of a resource. */
export interface ObjectRef {
  /** Absent for resources without namespaces. */
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** `namespace/name`, or `name` without one: the key of caches, queues and expectations. */
export const keyOf = (ref: { readonly namespace?: string | undefined; readonly name?: string | undefined }): string =>
  ref.namespace === undefined || ref.namespace === "" ? (ref.name ?? "") : `${ref.namespace}/${ref.name ?? ""}`;

/** The other way round. */
export const refOf = (key: string): ObjectRef => {
  const slash = key.indexOf("/");
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
};

/** The owner that controls the object (at most one by the API's rule). */
export const controllerOf = (object: KubeObject): OwnerReference | undefined =>
  object.metadata?.ownerReferences?.find((owner) => owner.controller === true);
