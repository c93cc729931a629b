import { kinds, rayGroup, rayVersion } from "../api/names.ts";
import type { RayCluster } from "../api/ray-cluster.ts";
import type { RayService } from "../api/ray-service.ts";
import { defineResource, type Resource } from "./resources.ts";

/** RayClusters of ray.io/v1. */
export const rayClusters: Resource<RayCluster> = defineResource(rayGroup, rayVersion, "rayclusters", kinds.rayCluster);

/** RayServices of ray.io/v1. */
export const rayServices: Resource<RayService> = defineResource(rayGroup, rayVersion, "rayservices", kinds.rayService);
