import type { CustomPrinterColumn, ScalePaths } from "../../plugins.ts";
import type { JsonSchema } from "../schema/json-schema.ts";

/** `spec` of a CustomResourceDefinition. https://kubernetes.io/docs/reference/kubernetes-api/extend-resources/custom-resource-definition-v1/ */
export interface CustomResourceDefinitionSpec {
  readonly group: string;
  readonly scope: "Namespaced" | "Cluster";
  readonly names: CustomResourceNames;
  readonly versions: readonly CustomResourceDefinitionVersion[];
  readonly conversion?: { readonly strategy: "None" | "Webhook" };
  readonly preserveUnknownFields?: boolean;
}

/** Names by which objects of the kind are asked for. */
export interface CustomResourceNames {
  readonly plural: string;
  readonly singular?: string;
  readonly kind: string;
  readonly listKind?: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

/** One version of the kind. */
export interface CustomResourceDefinitionVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly deprecated?: boolean;
  readonly deprecationWarning?: string;
  readonly schema?: { readonly openAPIV3Schema?: JsonSchema };
  readonly subresources?: { readonly status?: object; readonly scale?: ScalePaths };
  readonly additionalPrinterColumns?: readonly CustomPrinterColumn[];
  readonly selectableFields?: readonly { readonly jsonPath: string }[];
}
