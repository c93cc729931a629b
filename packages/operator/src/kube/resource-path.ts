import type { SelectOptions } from "./kube-api.ts";
import type { ObjectRef } from "./objects.ts";
import type { Resource } from "./resources.ts";

/** Path of a resource, of all namespaces or one. https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris */
export const collectionPath = (resource: Resource, namespace?: string): string => {
  const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const scope =
    resource.namespaced && namespace !== undefined && namespace !== ""
      ? `/namespaces/${encodeURIComponent(namespace)}`
      : "";
  return `${root}${scope}/${resource.plural}`;
};

/** Path of an object or a part of it. Throws where the namespace is missing. */
export const objectPath = (resource: Resource, ref: ObjectRef, subresource?: string): string => {
  if (resource.namespaced && (ref.namespace === undefined || ref.namespace === ""))
    throw new Error(`${resource.kind} "${ref.name}": namespace is not set`);
  if (ref.name === "") throw new Error(`${resource.kind}: name is empty`);
  const path = `${collectionPath(resource, ref.namespace)}/${encodeURIComponent(ref.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
};

/** A query with what is defined; "" without any. */
export const queryOf = (values: Readonly<Record<string, string | number | boolean | undefined>>): string => {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) if (value !== undefined) query.set(key, String(value));
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
};

/** Selectors as a query has them. */
export const selectorsOf = (options: SelectOptions): Record<string, string | undefined> => ({
  labelSelector: options.labelSelector,
  fieldSelector: options.fieldSelector,
});
