import type { KubeObject } from "../../api/objects.ts";
import type { Clock } from "../clock.ts";
import type { CustomResources } from "../plugins.ts";
import { customDefinition } from "./custom-definition.ts";
import type { CustomResourceDefinitionSpec } from "./definition/definition-spec.ts";
import { prepareDefinition } from "./prepare-definition.ts";

/** The kinds that CustomResourceDefinitions declare. `clock` dates their conditions. */
export function createCustomResources({ clock }: { readonly clock: Clock }): CustomResources {
  return {
    prepareDefinition: (object, context) => prepareDefinition(object, context, clock),
    definitionsOf: (object: KubeObject) => {
      const spec = object["spec"] as CustomResourceDefinitionSpec;
      return spec.versions.filter((version) => version.served).map((version) => customDefinition(spec, version));
    },
  };
}
