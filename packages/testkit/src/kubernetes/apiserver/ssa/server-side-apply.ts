import { ApiError } from "../../api/api-error.ts";
import type { KubeObject } from "../../api/objects.ts";
import { equalJson } from "../json.ts";
import type { Structure } from "../patch/structure.ts";
import type { ApplyRequest } from "../plugins.ts";
import { compare } from "./compare.ts";
import { conflictError } from "./conflict-error.ts";
import { AmbiguousItemError } from "./elements.ts";
import { FieldSet } from "./field-set.ts";
import { limits } from "./limits.ts";
import { type FieldManager, readManagedFields, sameManager, writeManagedFields } from "./managed-fields.ts";
import { mergeApplied } from "./merge-applied.ts";
import { ownFields } from "./own-fields.ts";
import { removeFields } from "./remove-fields.ts";
import { toFieldSet } from "./to-field-set.ts";

/**
 * The object after a server-side apply, with its new `metadata.managedFields`: what is applied is set and owned, what
 * the same manager applied before and no longer does is removed unless another owns it too. Throws `ApiError`
 * (Conflict when the apply changes what others own and does not force; BadRequest for what cannot be applied).
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
export function serverSideApply(request: ApplyRequest, structure: Structure): KubeObject {
  const { applied, manager, definition } = request;
  if (applied.metadata.managedFields !== undefined && applied.metadata.managedFields.length > 0) {
    throw new ApiError("BadRequest", "metadata.managedFields must be nil");
  }
  if (manager === "")
    throw new ApiError(
      "Invalid",
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    );
  if (manager.length > limits.managerCharsMax)
    throw new ApiError("BadRequest", `fieldManager: Too long: may not be more than ${limits.managerCharsMax} bytes`);
  const current = request.current ?? blank(applied);
  const managers = readManagedFields(current.metadata.managedFields);
  const self = {
    manager,
    operation: "Apply",
    apiVersion: `${definition.group === "" ? "" : `${definition.group}/`}${definition.version}`,
    subresource: request.subresource ?? "",
  } as const;
  const fields = ownFields(fieldsOf(applied, structure), definition, request.subresource);
  const former = managers.find((entry) => sameManager(entry, self));
  const others = managers.filter((entry) => entry !== former);
  const merged = mergeApplied(current, part(applied, request), structure);
  const owned = others.reduce((all, entry) => all.union(entry.fields), fields);
  const result = removeFields(merged, structure, former?.fields ?? FieldSet.empty, owned) as KubeObject;
  const kept = settleConflicts(current, result, others, request, structure);
  const unchanged = former?.fields.equals(fields) === true && equalJson(result, current);
  const own: FieldManager = { ...self, time: unchanged ? former.time : request.time, fields };
  return { ...result, metadata: { ...result.metadata, managedFields: writeManagedFields([...kept, own]) } };
}

function fieldsOf(applied: KubeObject, structure: Structure): FieldSet {
  try {
    return toFieldSet(applied, structure);
  } catch (error) {
    if (!(error instanceof AmbiguousItemError)) throw error;
    const { apiVersion, kind, metadata } = applied;
    throw new ApiError(
      "BadRequest",
      `failed to create typed patch object (${metadata.namespace ?? ""}/${metadata.name}; ${apiVersion}, Kind=${kind}): ${error.message}`,
    );
  }
}

/** What of the applied object counts: the server's own metadata is not applied, at the status subresource only the status is. */
function part(applied: KubeObject, request: ApplyRequest): object {
  const { apiVersion, kind, metadata, status, ...rest } = applied;
  const {
    resourceVersion: _version,
    uid: _uid,
    creationTimestamp: _created,
    generation: _generation,
    managedFields: _fields,
    ...own
  } = metadata;
  if (request.subresource === "status") return { apiVersion, kind, ...(status === undefined ? {} : { status }) };
  const withStatus = status !== undefined && !request.definition.statusSubresource;
  return { apiVersion, kind, metadata: own, ...rest, ...(withStatus ? { status } : {}) };
}

/** The other managers after the apply: without what it took from them by force, and what is gone. */
function settleConflicts(
  current: KubeObject,
  result: KubeObject,
  others: readonly FieldManager[],
  request: ApplyRequest,
  structure: Structure,
): FieldManager[] {
  const { added, modified, removed } = compare(current, result, structure);
  const changed = ownFields(added.union(modified), request.definition, request.subresource);
  const conflicts = others
    .map((entry) => ({ ...entry, fields: entry.fields.intersection(changed) }))
    .filter((entry) => !entry.fields.isEmpty);
  if (conflicts.length > 0 && !request.force) throw conflictError(conflicts);
  return others.map((entry) => ({ ...entry, fields: entry.fields.difference(changed).difference(removed) }));
}

function blank({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, namespace } = metadata;
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
}
