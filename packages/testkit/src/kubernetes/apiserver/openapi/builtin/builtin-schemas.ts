import { ApiError } from "../../../api/api-error.ts";
import type { KubeObject } from "../../../api/objects.ts";
import type { BuiltinSchemas } from "../../plugins.ts";
import { builtinTypeOf } from "./builtin-type-of.ts";
import { DecodeError, Decoder } from "./decode.ts";
import type { FieldTypes } from "./field-types.ts";

/**
 * Built-in kinds' fields: what a kind does not know is dropped and told, what has the wrong type is refused (400), as
 * the API server does when it decodes a request. https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation
 */
export function createBuiltinSchemas(types: FieldTypes): BuiltinSchemas {
  const decoder = new Decoder(types);
  return {
    dropUnknownFields: (object, { group, version, kind }) => {
      const type = builtinTypeOf(types, group, version, kind);
      if (type === undefined) return { object, unknownFields: [] };
      try {
        const { value, unknownFields } = decoder.decode(type, object);
        return { object: value as KubeObject, unknownFields };
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        throw new ApiError(
          "BadRequest",
          `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${error.message}`,
        );
      }
    },
  };
}
