import type { FieldTypes } from "./field-types.ts";

/** Fields that came to the API after the release (1.30) that `types.json` was read from, up to 1.34, and extensions that its source leaves out. */
export const newerFields: FieldTypes = {
  PodSpec: { resources: "ResourceRequirements", hostnameOverride: "string" },
  PodSecurityContext: { supplementalGroupsPolicy: "string", seLinuxChangePolicy: "string" },
  Container: { restartPolicyRules: "[any]" },
  EphemeralContainer: { restartPolicyRules: "[any]" },
  Lifecycle: { stopSignal: "string" },
  Volume: { image: "any" },
  EnvVarSource: { fileKeyRef: "any" },
  ResourceClaim: { request: "string" },
  PodStatus: { observedGeneration: "int", extendedResourceClaimStatus: "any" },
  PodCondition: { observedGeneration: "int" },
  ContainerStatus: { user: "any", allocatedResourcesStatus: "any", stopSignal: "string" },
  NodeStatus: { features: "any", runtimeHandlers: "any" },
  NodeSystemInfo: { swap: "any" },
  "apps.DeploymentStatus": { terminatingReplicas: "int" },
  "apps.ReplicaSetStatus": { terminatingReplicas: "int" },
  "coordination.LeaseSpec": { strategy: "string", preferredHolder: "string" },
  "discovery.EndpointHints": { forNodes: "any" },
  "apiextensions.JSONSchemaProps": {
    "x-kubernetes-embedded-resource": "boolean",
    "x-kubernetes-int-or-string": "boolean",
    "x-kubernetes-list-map-keys": "[string]",
    "x-kubernetes-list-type": "string",
    "x-kubernetes-map-type": "string",
    "x-kubernetes-preserve-unknown-fields": "boolean",
    "x-kubernetes-validations": "[apiextensions.ValidationRule]",
  },
  "apiextensions.CustomResourceDefinitionVersion": { selectableFields: "[any]" },
};
