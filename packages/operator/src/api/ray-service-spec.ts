import { z } from "zod";
import { apiLimits } from "./limits.ts";
import { managedByOperator } from "./names.ts";
import { rayClusterSpecSchema } from "./ray-cluster-spec.ts";
import { naturalInt32, serviceTemplateSchema } from "./schema-parts.ts";

const percent = z.int32().min(0).max(100);

const clusterUpgradeOptionsSchema = z.object({
  maxSurgePercent: percent.default(100),
  stepSizePercent: percent,
  intervalSeconds: z.int32().min(1),
  gatewayClassName: z.string().min(1).max(253),
});

/** How a changed `rayClusterConfig` takes effect. `InPlace` is ours and the one used when unset. */
export const upgradeTypes = ["InPlace", "NewCluster", "NewClusterWithIncrementalUpgrade", "None"] as const;

/** `spec` of a RayService. */
export const rayServiceSpecSchema = z.object({
  rayClusterConfig: rayClusterSpecSchema,
  serveConfigV2: z.string().max(apiLimits.serveConfigLengthMax).exactOptional(),
  upgradeStrategy: z
    .object({
      type: z.enum(upgradeTypes).exactOptional(),
      clusterUpgradeOptions: clusterUpgradeOptionsSchema.exactOptional(),
    })
    .exactOptional(),
  serveService: serviceTemplateSchema.exactOptional(),
  excludeHeadPodFromServeSvc: z.boolean().default(false),
  rayClusterDeletionDelaySeconds: naturalInt32.exactOptional(),
  serviceUnhealthySecondThreshold: z.int32().exactOptional(),
  deploymentUnhealthySecondThreshold: z.int32().exactOptional(),
  managedBy: z.enum([managedByOperator, "kueue.x-k8s.io/multikueue"]).exactOptional(),
  suspend: z.boolean().exactOptional(),
});

/** `spec` of a RayService, with the schema's defaults filled in. */
export type RayServiceSpec = z.infer<typeof rayServiceSpecSchema>;
/** `spec` of a RayService as a user writes it. */
export type RayServiceSpecInput = z.input<typeof rayServiceSpecSchema>;
export type ClusterUpgradeOptions = z.infer<typeof clusterUpgradeOptionsSchema>;
export type UpgradeType = (typeof upgradeTypes)[number];
