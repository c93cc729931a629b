import type { FieldTypes } from "./field-types.ts";

/**
 * The name of a built-in kind's type (`PodSpec`'s kind, `Pod`; `apps.Deployment`); undefined for kinds that the table
 * does not have. `group` is the API group, "" for the core.
 */
export function builtinTypeOf(types: FieldTypes, group: string, version: string, kind: string): string | undefined {
  if (group === "") return types[kind] === undefined ? undefined : kind;
  const folder = folders[group] ?? group.split(".")[0] ?? group;
  const name = version === "v1" ? `${folder}.${kind}` : `${folder}/${version}.${kind}`;
  return types[name] === undefined ? undefined : name;
}

/** Where the first word of the group is not the folder's name. */
const folders: Readonly<Record<string, string>> = { "rbac.authorization.k8s.io": "rbac" };
