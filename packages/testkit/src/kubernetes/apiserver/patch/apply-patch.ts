import { ApiError } from "../../api/api-error.ts";
import type { KubeObject } from "../../api/objects.ts";
import { isObject } from "../json.ts";
import type { PatchType, ResourceDefinition } from "../plugins.ts";
import { applyJsonPatch, MalformedPatchError, PatchConflictError } from "./json-patch.ts";
import { applyMergePatch } from "./merge-patch.ts";
import { applyStrategicMergePatch } from "./strategic-merge-patch.ts";
import type { Structures } from "./structures.ts";

/**
 * The object after a patch of any of the three plain kinds. Throws `ApiError`: BadRequest for a malformed patch,
 * Invalid for a JSON patch that does not fit, UnsupportedMediaType for a strategic one on a custom resource.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply
 */
export function applyPatch(
  structures: Structures,
  type: PatchType,
  patch: unknown,
  current: KubeObject,
  definition: ResourceDefinition,
): KubeObject {
  try {
    const patched = patchedValue(structures, type, patch, current, definition);
    if (!isObject(patched)) throw new MalformedPatchError("the patched object is no object");
    return patched as KubeObject;
  } catch (error) {
    if (error instanceof MalformedPatchError) throw new ApiError("BadRequest", error.message);
    if (error instanceof PatchConflictError) {
      throw new ApiError("Invalid", `the server rejected our request due to an error in our request: ${error.message}`);
    }
    throw error;
  }
}

function patchedValue(
  structures: Structures,
  type: PatchType,
  patch: unknown,
  current: KubeObject,
  definition: ResourceDefinition,
): unknown {
  if (type === "application/json-patch+json") return applyJsonPatch(current, patch);
  if (!isObject(patch)) throw new MalformedPatchError("a merge patch is an object");
  if (type === "application/merge-patch+json") return applyMergePatch(current, patch);
  if (definition.custom) {
    throw new ApiError(
      "UnsupportedMediaType",
      "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
    );
  }
  return applyStrategicMergePatch(current, patch, structures.of(definition));
}
