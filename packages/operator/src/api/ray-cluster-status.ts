import { z } from "zod";
import { apiLimits } from "./limits.ts";
import { conditionSchema, quantity, shortText } from "./schema-parts.ts";

const time = z.string().meta({ format: "date-time" });

/** `status` of a RayCluster. */
export const rayClusterStatusSchema = z.object({
  /** `ready`, `suspended` or unset. */
  state: z.string().max(64).exactOptional(),
  reason: z.string().exactOptional(),
  conditions: z
    .array(conditionSchema)
    .max(apiLimits.conditionsMax)
    .exactOptional()
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"] }),
  desiredWorkerReplicas: z.int32().exactOptional(),
  minWorkerReplicas: z.int32().exactOptional(),
  maxWorkerReplicas: z.int32().exactOptional(),
  readyWorkerReplicas: z.int32().exactOptional(),
  availableWorkerReplicas: z.int32().exactOptional(),
  desiredCPU: quantity.exactOptional(),
  desiredMemory: quantity.exactOptional(),
  desiredGPU: quantity.exactOptional(),
  desiredTPU: quantity.exactOptional(),
  head: z
    .object({
      podIP: shortText.exactOptional(),
      podName: shortText.exactOptional(),
      serviceIP: shortText.exactOptional(),
      serviceName: shortText.exactOptional(),
    })
    .exactOptional(),
  endpoints: z.record(z.string(), z.string()).exactOptional(),
  lastUpdateTime: time.exactOptional(),
  stateTransitionTimes: z.record(z.string(), time).exactOptional(),
  observedGeneration: z.int().exactOptional(),
  /** Replicas and selector of the first worker group, for the scale subresource (ours). */
  scale: z.object({ replicas: z.int32(), selector: z.string() }).exactOptional(),
});

/** `status` of a RayCluster. */
export type RayClusterStatus = z.infer<typeof rayClusterStatusSchema>;
