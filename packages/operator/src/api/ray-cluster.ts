import type { ObjectMeta } from "kubernetes-types/meta/v1.d.ts";
import { z } from "zod";
import { kinds, rayApiVersion } from "./names.ts";
import { type RayClusterSpec, rayClusterSpecSchema } from "./ray-cluster-spec.ts";
import { type RayClusterStatus, rayClusterStatusSchema } from "./ray-cluster-status.ts";
import { embedded } from "./schema-parts.ts";

/** `metadata` of an object that an API server holds. */
export interface StoredMeta extends ObjectMeta {
  name: string;
  namespace: string;
  uid: string;
}

/** A RayCluster as the API server holds it. */
export interface RayCluster {
  apiVersion: typeof rayApiVersion;
  kind: typeof kinds.rayCluster;
  metadata: StoredMeta;
  spec: RayClusterSpec;
  status?: RayClusterStatus;
}

const schema = z.object({
  apiVersion: z.literal(rayApiVersion),
  kind: z.literal(kinds.rayCluster),
  metadata: embedded<StoredMeta>({ name: z.string(), namespace: z.string() }),
  spec: rayClusterSpecSchema,
  status: rayClusterStatusSchema.exactOptional(),
});

/**
 * Reads a RayCluster of any API server: fills in defaults that an older CRD left out, drops what the
 * schema does not know. Throws a `ZodError` where a field has the wrong shape.
 */
export const parseRayCluster = (object: unknown): RayCluster => schema.parse(object);
