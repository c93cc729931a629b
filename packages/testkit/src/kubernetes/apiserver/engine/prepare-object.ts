import { ApiError } from "../../api/api-error.ts";
import type { KubeObject } from "../../api/objects.ts";
import { nameRuleOf } from "../builtins/kind-rules.ts";
import { FieldProblems, invalidObject } from "../field-problems.ts";
import { validateMetadata, validateMetadataUpdate } from "../metadata-rules.ts";
import type { PrepareContext, Prepared, ResourceDefinition } from "../plugins.ts";

/** Defaults, prunes and validates an object with its metadata. Throws `ApiError` (Invalid, with all that is wrong). */
export const prepareObject = (
  definition: ResourceDefinition,
  object: KubeObject,
  context: PrepareContext,
): Prepared => {
  const problems = new FieldProblems();
  validateMetadata(object, nameRuleOf(definition.plural, definition.custom), problems);
  if (context.old !== undefined) validateMetadataUpdate(object, context.old, problems);
  let prepared: Prepared;
  try {
    prepared = definition.prepare(object, context);
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === "Invalid") || problems.causes.length === 0) throw error;
    throw invalidObject(definition, object.metadata.name, [...problems.causes, ...(error.details.causes ?? [])]);
  }
  problems.throwIfAny(definition, object);
  return prepared;
};
