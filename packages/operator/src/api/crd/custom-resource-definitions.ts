import type { z } from "zod";
import { kinds, rayGroup, rayVersion } from "../names.ts";
import { rayClusterSpecSchema } from "../ray-cluster-spec.ts";
import { rayClusterStatusSchema } from "../ray-cluster-status.ts";
import { rayServiceSpecSchema } from "../ray-service-spec.ts";
import { rayServiceStatusSchema } from "../ray-service-status.ts";
import type { RuleSet } from "../rules/rule.ts";
import { clusterObjectRuleSets, clusterSpecRuleSets } from "../validate-ray-cluster.ts";
import { serviceObjectRuleSets, serviceSpecRuleSets } from "../validate-ray-service.ts";
import { attachRules } from "./attach-rules.ts";
import { clusterColumns, type PrinterColumn, serviceColumns } from "./printer-columns.ts";
import { type StructuralSchema, structuralSchema } from "./structural-schema.ts";

/** A CustomResourceDefinition as far as ours go. */
export interface CustomResourceDefinition {
  apiVersion: "apiextensions.k8s.io/v1";
  kind: "CustomResourceDefinition";
  metadata: { name: string };
  spec: {
    group: string;
    scope: "Namespaced";
    names: Record<string, string | string[]>;
    conversion: { strategy: "None" };
    versions: ResourceVersion[];
  };
}

interface ResourceVersion {
  name: string;
  served: boolean;
  storage: boolean;
  deprecated?: true;
  deprecationWarning?: string;
  additionalPrinterColumns?: PrinterColumn[];
  schema: { openAPIV3Schema: StructuralSchema };
  subresources: { status: Record<string, never>; scale?: Record<string, string> };
}

interface Resource {
  readonly kind: string;
  readonly shortName: string;
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  /** Rules from `spec`, and from the object. */
  readonly specRules: readonly RuleSet[];
  readonly objectRules: readonly RuleSet[];
  readonly columns: readonly PrinterColumn[];
  readonly oldColumns: readonly PrinterColumn[];
  readonly scale?: Record<string, string>;
  readonly oldVersionWarning?: string;
}

/** The CRDs of RayCluster and RayService, made from the schemas and the rules. */
export const customResourceDefinitions = (): CustomResourceDefinition[] => [
  definition({
    kind: kinds.rayCluster,
    // `rc` is a ReplicationController.
    shortName: "rayc",
    spec: rayClusterSpecSchema,
    status: rayClusterStatusSchema,
    specRules: clusterSpecRuleSets,
    objectRules: clusterObjectRuleSets,
    columns: clusterColumns,
    oldColumns: clusterColumns,
    scale: {
      specReplicasPath: ".spec.workerReplicas",
      statusReplicasPath: ".status.scale.replicas",
      labelSelectorPath: ".status.scale.selector",
    },
  }),
  definition({
    kind: kinds.rayService,
    shortName: "rays",
    spec: rayServiceSpecSchema,
    status: rayServiceStatusSchema,
    specRules: serviceSpecRuleSets,
    objectRules: serviceObjectRuleSets,
    columns: serviceColumns,
    oldColumns: [],
    oldVersionWarning: `${rayGroup}/v1alpha1 RayService is deprecated: use ${rayGroup}/${rayVersion}`,
  }),
];

const definition = (resource: Resource): CustomResourceDefinition => {
  const singular = resource.kind.toLowerCase();
  const plural = `${singular}s`;
  const openAPIV3Schema = objectSchema(resource);
  const subresources = { status: {}, ...(resource.scale === undefined ? {} : { scale: resource.scale }) };
  const version = (name: string, columns: readonly PrinterColumn[]): ResourceVersion => ({
    name,
    served: true,
    storage: name === rayVersion,
    ...(columns.length === 0 ? {} : { additionalPrinterColumns: [...columns] }),
    schema: { openAPIV3Schema },
    subresources,
  });
  const old = version("v1alpha1", resource.oldColumns);
  if (resource.oldVersionWarning !== undefined) {
    old.deprecated = true;
    old.deprecationWarning = resource.oldVersionWarning;
  }
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${rayGroup}` },
    spec: {
      group: rayGroup,
      scope: "Namespaced",
      names: {
        kind: resource.kind,
        listKind: `${resource.kind}List`,
        plural,
        singular,
        shortNames: [resource.shortName],
        categories: ["all"],
      },
      conversion: { strategy: "None" },
      versions: [version(rayVersion, resource.columns), old],
    },
  };
};

const objectSchema = (resource: Resource): StructuralSchema => {
  const schema: StructuralSchema = {
    type: "object",
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      // Named for the rules about it: a rule's cost is estimated from the longest value.
      metadata: { type: "object", properties: { name: { type: "string", maxLength: 253 } } },
      spec: structuralSchema(resource.spec),
      status: structuralSchema(resource.status),
    },
    required: ["spec"],
  };
  attachRules(schema, resource.objectRules);
  attachRules(
    schema,
    resource.specRules.map((set) => ({ ...set, path: ["spec", ...set.path] })),
  );
  return schema;
};
