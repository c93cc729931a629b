import { z } from "zod";
import { apiLimits } from "./limits.ts";
import { rayClusterStatusSchema } from "./ray-cluster-status.ts";
import { conditionSchema } from "./schema-parts.ts";

const time = z.string().meta({ format: "date-time" });

const applicationStatusSchema = z.object({
  /** NOT_STARTED, DEPLOYING, RUNNING, DEPLOY_FAILED, DELETING or UNHEALTHY. */
  status: z.string().exactOptional(),
  message: z.string().exactOptional(),
  serveDeploymentStatuses: z
    .record(
      z.string(),
      z.object({
        /** UPDATING, HEALTHY or UNHEALTHY. */
        status: z.string().exactOptional(),
        message: z.string().exactOptional(),
      }),
    )
    .exactOptional(),
});

const clusterServiceStatusSchema = z.object({
  rayClusterName: z.string().exactOptional(),
  rayClusterStatus: rayClusterStatusSchema.exactOptional(),
  applicationStatuses: z.record(z.string(), applicationStatusSchema).exactOptional(),
  targetCapacity: z.int32().exactOptional(),
  trafficRoutedPercent: z.int32().exactOptional(),
  lastTrafficMigratedTime: time.exactOptional(),
});

/** `status` of a RayService. */
export const rayServiceStatusSchema = z.object({
  /** `Running` while the Ready condition is True, else unset or empty. */
  serviceStatus: z.string().exactOptional(),
  numServeEndpoints: z.int32().exactOptional(),
  activeServiceStatus: clusterServiceStatusSchema.exactOptional(),
  pendingServiceStatus: clusterServiceStatusSchema.exactOptional(),
  conditions: z
    .array(conditionSchema)
    .max(apiLimits.conditionsMax)
    .exactOptional()
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"] }),
  observedGeneration: z.int().exactOptional(),
  lastUpdateTime: time.exactOptional(),
  /** Clusters that serve no more, and when each may be deleted: kept here so that a restart does not forget (ours). */
  retiringClusters: z
    .array(z.object({ name: z.string(), deleteAt: time }))
    .max(apiLimits.retiringClustersMax)
    .exactOptional()
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] }),
});

/** `status` of a RayService. */
export type RayServiceStatus = z.infer<typeof rayServiceStatusSchema>;
/** `activeServiceStatus` and `pendingServiceStatus`. */
export type ClusterServiceStatus = z.infer<typeof clusterServiceStatusSchema>;
export type ApplicationStatus = z.infer<typeof applicationStatusSchema>;
