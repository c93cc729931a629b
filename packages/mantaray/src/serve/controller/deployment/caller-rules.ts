import type { RoutingDeployment } from "../../../protocol/routing.ts";
import type { ResolvedDeployment } from "../../config/index.ts";

/** What callers are told only where it is not the default; a checkpoint of an older version lacks these options. */
export const callerRules = (resolved: Partial<ResolvedDeployment>): Partial<RoutingDeployment> => {
  const {
    max_replay_body_bytes: replayBytes,
    idempotency_config: idempotency,
    backpressure_config: backpressure,
  } = resolved;
  return {
    ...(replayBytes === undefined ? {} : { replayBodyBytesMax: replayBytes }),
    ...(idempotency === undefined || idempotency === null
      ? {}
      : {
          idempotency: {
            ttlMs: idempotency.ttl_s * 1_000,
            responseBytesMax: idempotency.max_response_bytes,
            failOpen: idempotency.fail_open,
          },
        }),
    ...(backpressure === undefined || backpressure === null
      ? {}
      : {
          backpressure: {
            status: backpressure.status_code === 429 ? 429 : 503,
            retryAfterS: backpressure.retry_after_s,
          },
        }),
  };
};
