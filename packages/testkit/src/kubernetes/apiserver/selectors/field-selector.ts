import { ApiError } from "../../api/api-error.ts";
import type { KubeObject } from "../../api/objects.ts";
import { atPath } from "../json.ts";
import type { ResourceDefinition } from "../plugins.ts";

/** What objects' fields are asked. */
export type FieldSelector = (object: KubeObject) => boolean;

const everything: FieldSelector = () => true;
const always = new Set(["metadata.name", "metadata.namespace"]);

/**
 * A selector from its text: `field=value`, `field==value`, `field!=value`, joined by commas. An absent field counts as "".
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/
 * Throws `ApiError` (BadRequest) for fields that the kind does not offer.
 */
export const parseFieldSelector = (text: string | undefined, definition: ResourceDefinition): FieldSelector => {
  if (text === undefined || text.trim() === "") return everything;
  const requirements = text.split(",").map((part) => parseRequirement(part, text, definition));
  return (object) => requirements.every((requirement) => requirement(object));
};

const parseRequirement = (part: string, text: string, definition: ResourceDefinition): FieldSelector => {
  const match = /^\s*([^=!\s]+)\s*(!=|==|=)\s*(.*?)\s*$/.exec(part);
  if (match === null) throw new ApiError("BadRequest", `invalid field selector "${part}"; can't understand it`);
  const [, field = "", operator, value = ""] = match;
  if (!always.has(field) && !definition.selectableFields.includes(field)) throw unsupported(field, text, definition);
  const wanted = operator !== "!=";
  return (object) => (textOf(atPath(object, field)) === value) === wanted;
};

const textOf = (value: unknown): string => {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return "";
};

const unsupported = (field: string, text: string, { group, version, plural }: ResourceDefinition): ApiError =>
  new ApiError(
    "BadRequest",
    `Unable to find "${group}/${version}, Resource=${plural}" that match label selector "", field selector "${text}": field label not supported: ${field}`,
  );
