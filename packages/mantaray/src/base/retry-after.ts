import type { ErrorCode } from "./error-codes.ts";

/**
 * When to come back after a refusal with this code, in seconds, for `Retry-After`. Most pass within a second: a
 * queue is shorter by then, a replica is replaced, a proxy of another node is found.
 */
export const retryAfterSecondsOf = (code: ErrorCode): number => seconds[code] ?? 1;

const seconds: Partial<Record<ErrorCode, number>> = {
  // Somebody has to deploy first.
  deployment_unavailable: 30,
  // A control store or a store of keys that is away needs a fail-over.
  unavailable: 2,
  not_leader: 2,
};
