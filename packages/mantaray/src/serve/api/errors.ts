import type { ErrorCode } from "../../base/error-codes.ts";
import { MantaError } from "../../base/errors.ts";

/** Errors cross processes and copies of this package, so `instanceof` looks at the code. */
const hasCode = (value: unknown, codes: readonly ErrorCode[]): boolean =>
  value instanceof Error && value.name === "MantaError" && codes.includes((value as MantaError).code);

/** Too many requests wait for this deployment already (`max_queued_requests`). Code `queue_full`. */
export class BackPressureError extends MantaError {
  static override [Symbol.hasInstance](value: unknown): value is BackPressureError {
    return hasCode(value, ["queue_full"]);
  }
}

/** The deployment failed to deploy. Code `deployment_unavailable`. */
export class DeploymentUnavailableError extends MantaError {
  static override [Symbol.hasInstance](value: unknown): value is DeploymentUnavailableError {
    return hasCode(value, ["deployment_unavailable"]);
  }
}

/** The caller, or the request that the call belongs to, gave up. Code `canceled`. */
export class RequestCancelledError extends MantaError {
  static override [Symbol.hasInstance](value: unknown): value is RequestCancelledError {
    return hasCode(value, ["canceled"]);
  }
}

/** Not answered in time. Code `deadline_exceeded`. */
export class RequestTimeoutError extends MantaError {
  static override [Symbol.hasInstance](value: unknown): value is RequestTimeoutError {
    return hasCode(value, ["deadline_exceeded"]);
  }
}

/** The replica died with the call, which may have run and must not be repeated. Code `actor_died`. */
export class ReplicaDiedError extends MantaError {
  static override [Symbol.hasInstance](value: unknown): value is ReplicaDiedError {
    return hasCode(value, ["actor_died"]);
  }
}
