import { ApiError } from "../../api/api-error.ts";
import type { KubeObject, ObjectMeta } from "../../api/objects.ts";
import { isObject } from "../json.ts";
import type { FieldValidation, ResourceDefinition } from "../plugins.ts";
import { apiVersionOf } from "./write-request.ts";

const metadataFields: ReadonlySet<string> = new Set([
  "name",
  "generateName",
  "namespace",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "labels",
  "annotations",
  "ownerReferences",
  "finalizers",
  "managedFields",
]);

/**
 * The body of a request as an object of a kind: its type and namespace are those of the request, metadata has known
 * fields only and text where text belongs. Throws `ApiError` (BadRequest).
 */
export const acceptObject = (
  body: unknown,
  definition: ResourceDefinition,
  namespace: string | undefined,
): { object: KubeObject; unknownFields: string[] } => {
  if (!isObject(body)) throw new ApiError("BadRequest", "the request's body is not an object");
  const object = body as KubeObject;
  acceptType(object, definition);
  const metadata: unknown = body["metadata"] ?? {};
  if (!isObject(metadata)) throw new ApiError("BadRequest", "metadata: expected an object");
  const unknownFields: string[] = [];
  const known: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(metadata)) {
    if (metadataFields.has(field)) {
      if (value !== null && value !== undefined) known[field] = value;
    } else if (field !== "selfLink") unknownFields.push(`metadata.${field}`);
  }
  acceptMaps(known);
  object.metadata = known as unknown as ObjectMeta;
  acceptNamespace(object, definition, namespace);
  return { object, unknownFields };
};

const acceptType = (object: KubeObject, definition: ResourceDefinition): void => {
  const expected = apiVersionOf(definition);
  if (object.apiVersion !== undefined && object.apiVersion !== "" && object.apiVersion !== expected) {
    throw new ApiError(
      "BadRequest",
      `the API version in the data (${object.apiVersion}) does not match the expected API version (${expected})`,
    );
  }
  if (object.kind !== undefined && object.kind !== "" && object.kind !== definition.kind) {
    throw new ApiError(
      "BadRequest",
      `${object.kind} in version "${definition.version}" cannot be handled as a ${definition.kind}: no kind "${object.kind}" is registered for this resource`,
    );
  }
  object.apiVersion = expected;
  object.kind = definition.kind;
};

/** Labels and annotations are maps of text; lists are lists. Empty ones are left out, as the API does. */
const acceptMaps = (metadata: Record<string, unknown>): void => {
  for (const field of ["labels", "annotations"]) {
    const map = metadata[field];
    if (map === undefined) continue;
    if (!isObject(map)) throw new ApiError("BadRequest", `metadata.${field}: expected an object`);
    for (const [key, value] of Object.entries(map)) {
      if (value === null) map[key] = "";
      else if (typeof value !== "string") {
        throw new ApiError(
          "BadRequest",
          `metadata.${field}: cannot unmarshal ${typeof value} into a field of type string (key "${key}")`,
        );
      }
    }
    if (Object.keys(map).length === 0) delete metadata[field];
  }
  for (const field of ["finalizers", "ownerReferences", "managedFields"]) {
    const list = metadata[field];
    if (list === undefined) continue;
    if (!Array.isArray(list)) throw new ApiError("BadRequest", `metadata.${field}: expected a list`);
    if (list.length === 0) delete metadata[field];
  }
  for (const field of ["name", "generateName", "namespace", "resourceVersion", "uid"]) {
    const text = metadata[field];
    if (text !== undefined && typeof text !== "string")
      throw new ApiError("BadRequest", `metadata.${field}: expected a text`);
    if (text === "") delete metadata[field];
  }
};

const acceptNamespace = (
  { metadata }: KubeObject,
  definition: ResourceDefinition,
  namespace: string | undefined,
): void => {
  if (!definition.namespaced) {
    delete metadata.namespace;
    return;
  }
  if (metadata.namespace !== undefined && namespace !== undefined && metadata.namespace !== namespace) {
    throw new ApiError(
      "BadRequest",
      "the namespace of the provided object does not match the namespace sent on the request",
    );
  }
  if (namespace !== undefined) metadata.namespace = namespace;
  if (metadata.namespace === undefined)
    throw new ApiError("BadRequest", "an empty namespace may not be set during creation");
};

/** Refuses, warns of or ignores fields that the schema does not know. https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation */
export const judgeUnknownFields = (
  unknownFields: readonly string[],
  validation: FieldValidation,
  { kind, version }: ResourceDefinition,
): string[] => {
  const texts = unknownFields.map((field) => `unknown field "${field}"`);
  if (texts.length === 0 || validation === "Ignore") return [];
  if (validation === "Warn") return texts;
  throw new ApiError(
    "BadRequest",
    `${kind} in version "${version}" cannot be handled as a ${kind}: strict decoding error: ${texts.join(", ")}`,
  );
};
