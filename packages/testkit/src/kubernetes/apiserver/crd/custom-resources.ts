import type { KubeObject } from "../../api/objects.ts";
import type { Clock } from "../clock.ts";
import { decodeBuiltin } from "../openapi/builtin/builtin-schemas.ts";
import { builtinTypes } from "../openapi/builtin/builtin-types.ts";
import { Decoder } from "../openapi/builtin/decode.ts";
import type { CustomResources } from "../plugins.ts";
import { customDefinition } from "./custom-definition.ts";
import type { CustomResourceDefinitionSpec } from "./definition/definition-spec.ts";
import { prepareDefinition } from "./prepare-definition.ts";

/** What reading CustomResourceDefinitions needs. */
export interface CustomResourcesDeps {
  /** Dates their conditions. */
  readonly clock: Clock;
  /** Knows the fields of the kind CustomResourceDefinition itself. Default: one of its own. */
  readonly decoder?: Decoder;
}

/** The kinds that CustomResourceDefinitions declare. */
export function createCustomResources({
  clock,
  decoder = new Decoder(builtinTypes),
}: CustomResourcesDeps): CustomResources {
  return {
    prepareDefinition: (object, context) => {
      const decoded = decodeBuiltin(decoder, "apiextensions.CustomResourceDefinition", object);
      return prepareDefinition(decoded.object, decoded.unknownFields, context, clock);
    },
    definitionsOf: (object: KubeObject) => {
      const spec = object["spec"] as CustomResourceDefinitionSpec;
      return spec.versions.filter((version) => version.served).map((version) => customDefinition(spec, version));
    },
  };
}
