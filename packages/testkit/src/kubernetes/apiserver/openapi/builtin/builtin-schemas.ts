import { ApiError } from "../../../api/api-error.ts";
import type { KubeObject } from "../../../api/objects.ts";
import type { BuiltinSchemas } from "../../plugins.ts";
import { builtinTypeOf } from "./builtin-type-of.ts";
import { DecodeError, type Decoder } from "./decode.ts";
import type { FieldTypes } from "./field-types.ts";

/**
 * Built-in kinds' fields: what a kind does not know is dropped and told, what has the wrong type is refused (400), as
 * the API server does when it decodes a request. https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation
 */
export function createBuiltinSchemas(types: FieldTypes, decoder: Decoder): BuiltinSchemas {
  return {
    dropUnknownFields: (object, { group, version, kind }) => {
      const type = builtinTypeOf(types, group, version, kind);
      return type === undefined ? { object, unknownFields: [] } : decodeBuiltin(decoder, type, object);
    },
  };
}

/** An object of a built-in type without what the type does not know. Throws `ApiError` (BadRequest). May change `object`. */
export function decodeBuiltin(
  decoder: Decoder,
  type: string,
  object: KubeObject,
): { object: KubeObject; unknownFields: string[] } {
  try {
    const { value, unknownFields } = decoder.decode(type, object);
    return { object: value as KubeObject, unknownFields };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const { kind, apiVersion } = object;
    const version = JSON.stringify(apiVersion.slice(apiVersion.indexOf("/") + 1));
    throw new ApiError("BadRequest", `${kind} in version ${version} cannot be handled as a ${kind}: ${error.message}`);
  }
}
