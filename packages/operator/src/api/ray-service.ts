import { z } from "zod";
import { kinds, rayApiVersion } from "./names.ts";
import type { StoredMeta } from "./ray-cluster.ts";
import { type RayServiceSpec, rayServiceSpecSchema } from "./ray-service-spec.ts";
import { type RayServiceStatus, rayServiceStatusSchema } from "./ray-service-status.ts";
import { embedded } from "./schema-parts.ts";

/** A RayService as the API server holds it. */
export interface RayService {
  apiVersion: typeof rayApiVersion;
  kind: typeof kinds.rayService;
  metadata: StoredMeta;
  spec: RayServiceSpec;
  status?: RayServiceStatus;
}

const schema = z.object({
  apiVersion: z.literal(rayApiVersion),
  kind: z.literal(kinds.rayService),
  metadata: embedded<StoredMeta>({ name: z.string(), namespace: z.string() }),
  spec: rayServiceSpecSchema,
  status: rayServiceStatusSchema.exactOptional(),
});

/**
 * Reads a RayService of any API server: fills in defaults that an older CRD left out, drops what the
 * schema does not know. Throws a `ZodError` where a field has the wrong shape.
 */
export const parseRayService = (object: unknown): RayService => schema.parse(object);
