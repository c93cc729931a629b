import type { ResourceDefinition } from "../plugins.ts";

/** Types of `meta/v1`, as far as kinds have them. */
const metaTypes: ReadonlySet<string> = new Set([
  "Condition",
  "LabelSelector",
  "LabelSelectorRequirement",
  "ManagedFieldsEntry",
  "ObjectMeta",
  "OwnerReference",
]);

/** The name that a built-in type's schema has in the API's documents: `io.k8s.api.apps.v1.DeploymentSpec`. */
export function builtinSchemaName(type: string): string {
  if (metaTypes.has(type)) return `io.k8s.apimachinery.pkg.apis.meta.v1.${type}`;
  const [, group = "core", version = "v1", name = type] = /^(?:([a-z]+)(?:\/(\w+))?\.)?(\w+)$/u.exec(type) ?? [];
  return `io.k8s.api.${group}.${version}.${name}`;
}

/** The name of a custom resource's schema: its group backwards, `com.example.stable.v1.CronTab`. */
export function customSchemaName({ group, version, kind }: ResourceDefinition): string {
  return [...group.split(".").toReversed(), version, kind].join(".");
}
