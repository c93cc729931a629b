import type {
  Container,
  EnvVar,
  EnvVarSource,
  ResourceRequirements,
  SecurityContext,
} from "kubernetes-types/core/v1.d.ts";
import type {
  IngressTLS,
  NetworkPolicyEgressRule,
  NetworkPolicyIngressRule,
} from "kubernetes-types/networking/v1.d.ts";
import { z } from "zod";
import { apiLimits, int32Max } from "./limits.ts";
import { managedByOperator } from "./names.ts";
import {
  embedded,
  naturalInt32,
  nodeLabels,
  podTemplateSchema,
  quantity,
  resourceMap,
  serviceTemplateSchema,
  shortText,
} from "./schema-parts.ts";

const startParams = z
  .record(z.string().max(apiLimits.keyLengthMax), shortText)
  .meta({ maxProperties: apiLimits.startParamsMax });

const ingressOptionsSchema = z.object({
  host: shortText.exactOptional(),
  path: shortText.exactOptional(),
  pathType: z.enum(["Exact", "Prefix", "ImplementationSpecific"]).exactOptional(),
  tls: z.array(embedded<IngressTLS>()).max(apiLimits.networkRulesMax).exactOptional(),
});

const headGroupSchema = z.object({
  template: podTemplateSchema,
  rayStartParams: startParams.exactOptional(),
  serviceType: z.enum(["ClusterIP", "NodePort", "LoadBalancer"]).exactOptional(),
  headService: serviceTemplateSchema.exactOptional(),
  enableIngress: z.boolean().exactOptional(),
  ingressOptions: ingressOptionsSchema.exactOptional(),
  resources: resourceMap.exactOptional(),
  labels: nodeLabels.exactOptional(),
});

const workerGroupSchema = z.object({
  groupName: z.string().min(1).max(63),
  template: podTemplateSchema,
  replicas: naturalInt32.default(0),
  minReplicas: naturalInt32.default(0),
  maxReplicas: naturalInt32.default(int32Max),
  numOfHosts: naturalInt32.default(1),
  priority: z.int32().default(0),
  idleTimeoutSeconds: naturalInt32.exactOptional(),
  suspend: z.boolean().exactOptional(),
  rayStartParams: startParams.exactOptional(),
  resources: resourceMap.exactOptional(),
  labels: nodeLabels.exactOptional(),
  scaleStrategy: z
    .object({ workersToDelete: z.array(z.string().max(253)).max(apiLimits.workersToDeleteMax).exactOptional() })
    .exactOptional(),
});

const autoscalerOptionsSchema = z.object({
  version: z.enum(["v1", "v2"]).exactOptional(),
  upscalingMode: z.enum(["Default", "Aggressive", "Conservative"]).exactOptional(),
  idleTimeoutSeconds: naturalInt32.exactOptional(),
  image: shortText.exactOptional(),
  imagePullPolicy: z.enum(["Always", "IfNotPresent", "Never"]).exactOptional(),
  resources: embedded<ResourceRequirements>().exactOptional(),
  env: z
    .array(embedded<EnvVar>({ name: z.string().min(1).max(apiLimits.keyLengthMax) }))
    .max(apiLimits.envMax)
    .exactOptional(),
  envFrom: z.array(embedded<NonNullable<Container["envFrom"]>[number]>()).max(apiLimits.envMax).exactOptional(),
  volumeMounts: z
    .array(embedded<NonNullable<Container["volumeMounts"]>[number]>())
    .max(apiLimits.volumeMountsMax)
    .exactOptional(),
  securityContext: embedded<SecurityContext>().exactOptional(),
  command: z.array(z.string()).max(apiLimits.envMax).exactOptional(),
  args: z.array(z.string()).max(apiLimits.envMax).exactOptional(),
});

/** A user name or password: written out, or from a Secret or ConfigMap of the pod's namespace. */
const credentialSchema = z.object({
  value: shortText.exactOptional(),
  valueFrom: embedded<EnvVarSource>().exactOptional(),
});

const gcsFaultToleranceSchema = z.object({
  backend: z.enum(["redis", "rocksdb"]).exactOptional(),
  redisAddress: shortText.exactOptional(),
  redisUsername: credentialSchema.exactOptional(),
  redisPassword: credentialSchema.exactOptional(),
  externalStorageNamespace: shortText.exactOptional(),
  storage: z
    .object({
      claimName: z.string().max(253).exactOptional(),
      size: quantity.exactOptional(),
      storageClassName: z.string().max(253).exactOptional(),
      accessModes: z
        .array(z.enum(["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]))
        .max(4)
        .exactOptional(),
      subPath: shortText.exactOptional(),
      deletionPolicy: z.enum(["DeleteWithCluster", "Retain"]).exactOptional(),
    })
    .exactOptional(),
});

const authOptionsSchema = z.object({
  mode: z.enum(["disabled", "token"]).exactOptional(),
  secretName: z.string().max(253).exactOptional(),
  enableK8sTokenAuth: z.boolean().exactOptional(),
});

const networkRules = {
  ingressRules: z.array(embedded<NetworkPolicyIngressRule>()).max(apiLimits.networkRulesMax).exactOptional(),
  egressRules: z.array(embedded<NetworkPolicyEgressRule>()).max(apiLimits.networkRulesMax).exactOptional(),
};

const networkPolicySchema = z.object({
  mode: z.enum(["DenyAll", "DenyAllIngress", "DenyAllEgress", "None"]).default("DenyAll"),
  head: z.object(networkRules).exactOptional(),
  worker: z.object(networkRules).exactOptional(),
  workerGroups: z
    .array(z.object({ groupName: z.string().min(1).max(63), ...networkRules }))
    .max(apiLimits.workerGroupsMax)
    .exactOptional()
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["groupName"] }),
});

/** A feature of the reference that is refused, by a rule which says so: here so that it is not dropped silently. */
const refusedObject = z.looseObject({}).exactOptional();

/**
 * What a changed pod template does to running pods: nothing (`None`, used when unset), all are deleted
 * (`Recreate`), or they are replaced one after another under drain (`Rolling`, ours).
 */
export const clusterUpgradeTypes = ["Recreate", "None", "Rolling"] as const;

/** `spec` of a RayCluster, and `rayClusterConfig` of a RayService. */
export const rayClusterSpecSchema = z.object({
  headGroupSpec: headGroupSchema,
  workerGroupSpecs: z.array(workerGroupSchema).max(apiLimits.workerGroupsMax).exactOptional(),
  rayVersion: z.string().max(63).exactOptional(),
  enableInTreeAutoscaling: z.boolean().exactOptional(),
  autoscalerOptions: autoscalerOptionsSchema.exactOptional(),
  headServiceAnnotations: z.record(z.string(), z.string()).exactOptional(),
  suspend: z.boolean().exactOptional(),
  managedBy: z.enum([managedByOperator, "kueue.x-k8s.io/multikueue"]).exactOptional(),
  upgradeStrategy: z.object({ type: z.enum(clusterUpgradeTypes).exactOptional() }).exactOptional(),
  gcsFaultToleranceOptions: gcsFaultToleranceSchema.exactOptional(),
  authOptions: authOptionsSchema.exactOptional(),
  networkPolicy: networkPolicySchema.exactOptional(),
  /** Takes the place of `replicas` of the first worker group: what `kubectl scale` and an HPA write (ours). */
  workerReplicas: naturalInt32.exactOptional(),
  tlsOptions: z.looseObject({ enabled: z.boolean().exactOptional() }).exactOptional(),
  historyServerOptions: refusedObject,
});

/** `spec` of a RayCluster, with the schema's defaults filled in. */
export type RayClusterSpec = z.infer<typeof rayClusterSpecSchema>;
/** `spec` of a RayCluster as a user writes it. */
export type RayClusterSpecInput = z.input<typeof rayClusterSpecSchema>;
export type HeadGroupSpec = z.infer<typeof headGroupSchema>;
export type WorkerGroupSpec = z.infer<typeof workerGroupSchema>;
export type AutoscalerOptions = z.infer<typeof autoscalerOptionsSchema>;
export type GcsFaultToleranceOptions = z.infer<typeof gcsFaultToleranceSchema>;
export type RedisCredential = z.infer<typeof credentialSchema>;
export type AuthOptions = z.infer<typeof authOptionsSchema>;
export type NetworkPolicyOptions = z.infer<typeof networkPolicySchema>;
export type IngressOptions = z.infer<typeof ingressOptionsSchema>;
