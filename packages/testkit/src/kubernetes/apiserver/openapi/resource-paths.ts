import type { JsonObject } from "../json.ts";
import type { ResourceDefinition } from "../plugins.ts";

/** The paths of a resource with their operations; `operation` makes one in the document's own version. */
export function resourcePaths(
  definition: ResourceDefinition,
  operation: (verb: Verb) => JsonObject,
): Record<string, JsonObject> {
  const { group, version, plural, namespaced } = definition;
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const collection = `${root}${namespaced ? "/namespaces/{namespace}" : ""}/${plural}`;
  const item = {
    get: operation("get"),
    put: operation("put"),
    patch: operation("patch"),
    delete: operation("delete"),
  };
  const paths: Record<string, JsonObject> = {
    [collection]: { get: operation("list"), post: operation("post") },
    [`${collection}/{name}`]: item,
  };
  if (namespaced) paths[`${root}/${plural}`] = { get: operation("list") };
  if (definition.statusSubresource) {
    paths[`${collection}/{name}/status`] = { get: operation("get"), put: operation("put"), patch: operation("patch") };
  }
  return paths;
}

/** What an operation does. */
export type Verb = "get" | "list" | "post" | "put" | "patch" | "delete";

/** The query parameters that an operation takes, by name. Clients look for `fieldValidation` to leave validation to the server. */
export const queryParameters: Readonly<Record<Verb, readonly string[]>> = {
  get: ["pretty"],
  list: ["labelSelector", "fieldSelector", "limit", "continue", "resourceVersion", "watch", "timeoutSeconds"],
  post: ["dryRun", "fieldManager", "fieldValidation"],
  put: ["dryRun", "fieldManager", "fieldValidation"],
  patch: ["dryRun", "fieldManager", "fieldValidation", "force"],
  delete: ["dryRun", "gracePeriodSeconds", "propagationPolicy"],
};
