import { equalJson } from "../json.ts";
import type { Structure } from "../patch/structure.ts";
import type { TrackRequest } from "../plugins.ts";
import { compare } from "./compare.ts";
import { type FieldManager, readManagedFields, sameManager, writeManagedFields } from "./managed-fields.ts";
import { ownFields } from "./own-fields.ts";

/**
 * `metadata.managedFields` after a create, update or patch: who wrote owns what changed, nobody owns what is gone. A
 * write that sets managedFields itself is taken at its word; `[{}]` clears them.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */
export function trackUpdate(request: TrackRequest, structure: Structure): unknown[] {
  const { before, after, definition, subresource } = request;
  const managers = baseManagers(request);
  const { added, modified, removed } = compare(before ?? {}, after, structure);
  const changed = ownFields(added.union(modified), definition, subresource);
  if (changed.isEmpty && removed.isEmpty) return writeManagedFields(managers);
  const self = {
    manager: request.manager,
    operation: "Update",
    apiVersion: after.apiVersion,
    subresource: subresource ?? "",
  } as const;
  const rest = managers.map((entry) => {
    const left = entry.fields.difference(removed);
    return { ...entry, fields: sameManager(entry, self) ? left : left.difference(changed) };
  });
  if (changed.isEmpty) return writeManagedFields(rest);
  const former = rest.find((entry) => sameManager(entry, self));
  const own: FieldManager = {
    ...self,
    time: request.time,
    fields: former === undefined ? changed : former.fields.union(changed),
  };
  return writeManagedFields([...rest.filter((entry) => entry !== former), own]);
}

function baseManagers({ before, after }: TrackRequest): FieldManager[] {
  const given = after.metadata.managedFields;
  if (given !== undefined && equalJson(given, [{}])) return [];
  const own = readManagedFields(given);
  return own.length > 0 ? own : readManagedFields(before?.metadata.managedFields);
}
