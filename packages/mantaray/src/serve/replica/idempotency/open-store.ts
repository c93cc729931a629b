import { join } from "node:path";
import type { Clock } from "../../../base/clock.ts";
import { MantaError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import type { RoutingSnapshot } from "../../../protocol/routing.ts";
import type { IdempotencyStore } from "../../../store/idempotency/idempotency-store.ts";

/** What the store depends on. */
export interface StoreChoice {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly nodeId: string;
  /** The node's routes, for they tell whether there is more than one machine. */
  readonly snapshot: RoutingSnapshot | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The Redis that `RAY_REDIS_ADDRESS` names, else a file in the temp folder, which all nodes of one machine share.
 * Throws `unavailable` where there are other machines and no Redis: two files would know nothing of one another.
 * Loaded when it is needed: most replicas never do.
 */
export const openKeyStore = async ({ env, nodeId, snapshot, clock, log }: StoreChoice): Promise<IdempotencyStore> => {
  const { namesRedis, redisConfig, redisNamespace } = await import("../../../store/redis/config.ts");
  if (namesRedis(env)) {
    const { openRedisIdempotencyStore } = await import("../../../store/idempotency/redis-idempotency-store.ts");
    return openRedisIdempotencyStore({ config: redisConfig(env), namespace: redisNamespace(env), clock, log });
  }
  const stranger = snapshot === undefined ? undefined : otherMachine(snapshot, nodeId);
  if (stranger !== undefined) {
    throw new MantaError(
      "unavailable",
      `a cluster of several machines (there is a replica at ${stranger}) keeps idempotency keys in Redis, and RAY_REDIS_ADDRESS is not set on this node`,
    );
  }
  const folder = env["MANTA_TEMP_DIR"] ?? "";
  if (folder === "") throw new MantaError("unavailable", "MANTA_TEMP_DIR is not set: there is no place for the keys");
  const { openEmbeddedIdempotencyStore } = await import("../../../store/idempotency/embedded-idempotency-store.ts");
  return openEmbeddedIdempotencyStore({ file: join(folder, "idempotency", "keys.db"), clock });
};

/** Address of a replica that is neither on our node nor at a loopback address. */
const otherMachine = ({ deployments }: RoutingSnapshot, nodeId: string): string | undefined => {
  for (const { replicas } of Object.values(deployments)) {
    for (const replica of replicas) {
      const { tcp } = replica.addresses;
      if (replica.nodeId !== nodeId && !/^tcp:(127\.|localhost:|\[::1\])/.test(tcp)) return tcp;
    }
  }
  return undefined;
};
