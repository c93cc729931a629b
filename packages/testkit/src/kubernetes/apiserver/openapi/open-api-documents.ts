import type { OpenApiDocuments } from "../plugins.ts";
import type { FieldTypes } from "./builtin/field-types.ts";
import { documentV2 } from "./document-v2.ts";
import { documentV2Protobuf } from "./document-v2-protobuf.ts";
import { documentV3 } from "./document-v3.ts";

/** The documents that clients find schemas in. */
export function createOpenApiDocuments(types: FieldTypes): OpenApiDocuments {
  return {
    v2: (definitions) => documentV2(types, definitions),
    v2Protobuf: documentV2Protobuf,
    v3: (groupVersionPath, definitions) =>
      documentV3(
        types,
        definitions.filter((definition) => pathOf(definition) === groupVersionPath),
      ),
  };
}

function pathOf({ group, version }: { readonly group: string; readonly version: string }): string {
  return group === "" ? `api/${version}` : `apis/${group}/${version}`;
}
