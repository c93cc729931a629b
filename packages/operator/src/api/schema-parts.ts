import type { PodTemplateSpec, Service } from "kubernetes-types/core/v1.d.ts";
import { z } from "zod";
import { apiLimits } from "./limits.ts";

/** A quantity of Kubernetes, such as `0.5`, `500m`, `2Gi`, `1e3`. */
const quantityPattern = /^([0-9]+(\.[0-9]*)?|\.[0-9]+)([numkKMGTPE]|[KMGTPE]i|[eE][-+]?[0-9]+)?$/;

/** Whole number of 32 bits, 0 or more. */
export const naturalInt32: z.ZodInt32 = z.int32().min(0);

/** A short text: a name, an address, a class. */
export const shortText: z.ZodString = z.string().max(apiLimits.valueLengthMax);

/** A map of texts, bounded. */
export const textMap: z.ZodRecord<z.ZodString, z.ZodString> = z
  .record(z.string().max(apiLimits.keyLengthMax), shortText)
  .meta({ maxProperties: apiLimits.mapEntriesMax });

/** Logical resources of a node by name, each a quantity. */
export const resourceMap: z.ZodRecord<z.ZodString, z.ZodString> = z
  .record(z.string().max(apiLimits.keyLengthMax), z.string().max(64).regex(quantityPattern))
  .meta({ maxProperties: apiLimits.mapEntriesMax });

/** Labels of a node. */
export const nodeLabels: z.ZodRecord<z.ZodString, z.ZodString> = z
  .record(z.string().max(apiLimits.keyLengthMax), z.string().max(63))
  .meta({ maxProperties: apiLimits.nodeLabelsMax });

/** A quantity such as `500m`, `2Gi` or `3`. */
export const quantity: z.ZodUnion<readonly [z.ZodInt, z.ZodString]> = z
  .union([z.int(), z.string().max(64)])
  .meta({ "x-kubernetes-int-or-string": true });

/**
 * An object of Kubernetes' own API: the named fields are checked, the others are kept as they are.
 * Its type is the one of `kubernetes-types`, since the API server which takes the object checks the rest.
 */
export const embedded = <Type>(fields: z.core.$ZodLooseShape = {}): z.ZodType<Type> =>
  z.looseObject(fields) as unknown as z.ZodType<Type>;

const templateMetadata = embedded<NonNullable<PodTemplateSpec["metadata"]>>({
  name: shortText.exactOptional(),
  namespace: shortText.exactOptional(),
  labels: textMap.exactOptional(),
  annotations: z.record(z.string(), z.string()).exactOptional(),
  finalizers: z.array(shortText).max(apiLimits.mapEntriesMax).exactOptional(),
});

/** What a container's fields have in common with an init container's. */
const container = z.looseObject({
  name: z.string().min(1).max(63),
  image: shortText.exactOptional(),
  imagePullPolicy: z.enum(["Always", "IfNotPresent", "Never"]).exactOptional(),
  command: z.array(z.string()).exactOptional(),
  args: z.array(z.string()).exactOptional(),
  env: z
    .array(z.looseObject({ name: z.string().min(1).max(apiLimits.keyLengthMax), value: z.string().exactOptional() }))
    .max(apiLimits.envMax)
    .exactOptional(),
  ports: z
    .array(
      z.looseObject({
        containerPort: z.int32().min(1).max(65_535),
        name: z.string().max(15).exactOptional(),
        protocol: z.enum(["TCP", "UDP", "SCTP"]).exactOptional(),
      }),
    )
    .max(apiLimits.portsMax)
    .exactOptional(),
  resources: z
    .looseObject({
      limits: z.record(z.string(), quantity).exactOptional(),
      requests: z.record(z.string(), quantity).exactOptional(),
    })
    .exactOptional(),
  volumeMounts: z
    .array(
      z.looseObject({ name: z.string().min(1).max(63), mountPath: z.string().min(1).max(apiLimits.valueLengthMax) }),
    )
    .max(apiLimits.volumeMountsMax)
    .exactOptional(),
});

/** Template of a head or worker pod. `spec.containers[0]` is the Ray container. */
export const podTemplateSchema: z.ZodType<PodTemplateSpec> = embedded<PodTemplateSpec>({
  metadata: templateMetadata.exactOptional(),
  spec: z.looseObject({
    containers: z.array(container).min(1).max(apiLimits.containersMax),
    initContainers: z.array(container).max(apiLimits.containersMax).exactOptional(),
    restartPolicy: z.enum(["Always", "OnFailure", "Never"]).exactOptional(),
    serviceAccountName: z.string().max(253).exactOptional(),
    volumes: z
      .array(z.looseObject({ name: z.string().min(1).max(63) }))
      .max(apiLimits.volumesMax)
      .exactOptional(),
  }),
});

/** A Service that the user shapes: `metadata` and `spec` are laid over the operator's own. */
export const serviceTemplateSchema: z.ZodType<Service> = embedded<Service>({
  metadata: templateMetadata.exactOptional(),
  spec: z
    .looseObject({
      type: z.enum(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]).exactOptional(),
      clusterIP: shortText.exactOptional(),
      selector: textMap.exactOptional(),
      ports: z
        .array(z.looseObject({ name: z.string().max(63).exactOptional(), port: z.int32().min(1).max(65_535) }))
        .max(apiLimits.portsMax)
        .exactOptional(),
    })
    .exactOptional(),
});

/** One of `status.conditions`. */
export const conditionSchema = z.object({
  type: z.string().min(1).max(316),
  status: z.enum(["True", "False", "Unknown"]),
  reason: z.string().min(1).max(1024),
  message: z.string().max(32_768),
  lastTransitionTime: z.string().meta({ format: "date-time" }),
  observedGeneration: z.int().min(0).exactOptional(),
});

/** One of `status.conditions`. */
export type Condition = z.infer<typeof conditionSchema>;
