import type { KubeObject, ObjectRef, Stored } from "./objects.ts";

/**
 * What is known of a resource, from memory: a little behind the server. Objects are shared and trimmed
 * (`managedFields` gone, pods without what nobody reads): never change one, never send one back whole.
 */
export interface CacheView<T extends KubeObject> {
  get(ref: ObjectRef): Stored<T> | undefined;
  /** All, or those of a namespace. */
  list(namespace?: string): readonly Stored<T>[];
  /** Those of a namespace with this value of a label; quick where the label is indexed. In order of creation, then name. */
  byLabel(namespace: string, label: string, value: string): readonly Stored<T>[];
}
