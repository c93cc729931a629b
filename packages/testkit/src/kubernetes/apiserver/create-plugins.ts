import type { Clock } from "./clock.ts";
import { createCustomResources } from "./crd/custom-resources.ts";
import { createBuiltinSchemas } from "./openapi/builtin/builtin-schemas.ts";
import { builtinTypes } from "./openapi/builtin/builtin-types.ts";
import { Decoder } from "./openapi/builtin/decode.ts";
import { createOpenApiDocuments } from "./openapi/open-api-documents.ts";
import { applyPatch } from "./patch/apply-patch.ts";
import { Structures } from "./patch/structures.ts";
import type { Plugins } from "./plugins.ts";
import { serverSideApply } from "./ssa/server-side-apply.ts";
import { trackUpdate } from "./ssa/track-update.ts";
import { createTables } from "./tables/create-tables.ts";

/** All that plugs into the server's core. `clock` dates the conditions of CustomResourceDefinitions. */
export const createPlugins = (clock: Clock): Plugins => {
  const decoder = new Decoder(builtinTypes);
  const structures = new Structures(builtinTypes);
  return {
    patches: {
      applyPatch: (type, patch, current, definition) => applyPatch(structures, type, patch, current, definition),
      serverSideApply: (request) => serverSideApply(request, structures.of(request.definition)),
      trackUpdate: (request) => trackUpdate(request, structures.of(request.definition)),
    },
    customResources: createCustomResources({ clock, decoder }),
    builtinSchemas: createBuiltinSchemas(builtinTypes, decoder),
    tables: createTables(),
    openApi: createOpenApiDocuments(builtinTypes),
  };
};
