import type { ResourceDefinition } from "../plugins.ts";
import { FieldSet } from "./field-set.ts";
import { unionOf } from "./sets.ts";

const systemFields: ReadonlySet<string> = new Set(["f:apiVersion", "f:kind"]);
const systemMetadata: ReadonlySet<string> = new Set(
  ["name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields", "resourceVersion"].map(
    (name) => `f:${name}`,
  ),
);

/**
 * The fields of a set that a request can own at all: not the server's own, and of the object's parts only the one
 * that the request writes (the status at the status subresource, all else elsewhere).
 */
export function ownFields(set: FieldSet, definition: ResourceDefinition, subresource: string | undefined): FieldSet {
  if (subresource === "status") {
    const members = new Set([...set.members].filter((element) => element === "f:status"));
    return new FieldSet(members).withChild("f:status", set.child("f:status"));
  }
  const hidden = definition.statusSubresource ? unionOf(systemFields, new Set(["f:status"])) : systemFields;
  const metadata = set.child("f:metadata").without(systemMetadata);
  return set.without(unionOf(hidden, new Set(["f:metadata"]))).withChild("f:metadata", metadata);
}
