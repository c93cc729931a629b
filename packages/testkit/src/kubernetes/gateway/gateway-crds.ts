import type { KubeObject } from "../api/objects.ts";
import { gatewayResources } from "./types.ts";

/**
 * Definitions of Gateway and HTTPRoute with the fields that this implementation knows; what it does not know is pruned.
 * https://gateway-api.sigs.k8s.io/reference/spec/
 */
export const gatewayDefinitions = (): KubeObject[] => [
  definitionOf("Gateway", "gateways", "gtw", {
    type: "object",
    required: ["gatewayClassName", "listeners"],
    properties: {
      gatewayClassName: text(1, 253),
      listeners: listOf(64, {
        type: "object",
        required: ["name", "port", "protocol"],
        properties: { name: text(1, 253), port: portNumber, protocol: text(1, 255) },
      }),
    },
  }),
  definitionOf("HTTPRoute", "httproutes", "hroute", {
    type: "object",
    properties: {
      parentRefs: listOf(32, reference({})),
      rules: listOf(16, {
        type: "object",
        properties: {
          matches: listOf(64, { type: "object", properties: { path: pathMatch } }),
          backendRefs: listOf(
            16,
            reference({ port: portNumber, weight: { type: "integer", minimum: 0, maximum: 1_000_000, default: 1 } }),
          ),
        },
      }),
    },
  }),
];

const text = (minLength: number, maxLength: number): object => ({ type: "string", minLength, maxLength });
const listOf = (maxItems: number, items: object): object => ({ type: "array", maxItems, items });
const portNumber = { type: "integer", minimum: 1, maximum: 65_535 };

const reference = (more: object): object => ({
  type: "object",
  required: ["name"],
  properties: { group: text(0, 253), kind: text(1, 63), name: text(1, 253), namespace: text(1, 63), ...more },
});

const pathMatch = {
  type: "object",
  default: { type: "PathPrefix", value: "/" },
  properties: {
    type: { type: "string", enum: ["Exact", "PathPrefix"], default: "PathPrefix" },
    value: { ...text(0, 1_024), default: "/" },
  },
};

const { group } = gatewayResources.gateways;

const definitionOf = (kind: string, plural: string, shortName: string, spec: object): KubeObject => {
  const status = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}`, annotations: { "api-approved.kubernetes.io": "unapproved, a test kit's" } },
    spec: {
      group,
      scope: "Namespaced",
      names: { kind, plural, shortNames: [shortName] },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", required: ["spec"], properties: { spec, status } } },
          subresources: { status: {} },
        },
      ],
    },
  };
};
