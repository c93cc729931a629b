/**
 * The closed table of error codes. A code says what happened, which HTTP status it maps to where it
 * reaches a client, and whether the same call may be repeated. `docs/errors.md` lists the same table;
 * a test keeps both in step. Retired codes are never used again.
 */
export const errorCodes = {
  // Input
  invalid_argument: { status: 400, retryable: false },
  invalid_config: { status: 400, retryable: false },
  not_found: { status: 404, retryable: false },
  already_exists: { status: 409, retryable: false },
  unauthenticated: { status: 401, retryable: false },
  permission_denied: { status: 403, retryable: false },
  payload_too_large: { status: 413, retryable: false },
  unimplemented: { status: 501, retryable: false },
  // Application code
  user_error: { status: 500, retryable: false },
  build_failed: { status: 400, retryable: false },
  // Lifecycle and links
  canceled: { status: 499, retryable: false },
  deadline_exceeded: { status: 408, retryable: false },
  link_lost: { status: 503, retryable: true },
  protocol_error: { status: 502, retryable: false },
  draining: { status: 503, retryable: true },
  unavailable: { status: 503, retryable: true },
  // Bounds
  queue_full: { status: 503, retryable: true },
  resource_exhausted: { status: 503, retryable: true },
  // Serve
  actor_died: { status: 503, retryable: false },
  deployment_unavailable: { status: 503, retryable: false },
  // Control store
  stale_epoch: { status: 409, retryable: false },
  not_leader: { status: 503, retryable: true },
  data_loss: { status: 503, retryable: true },
  // Requests with an `Idempotency-Key`
  key_in_progress: { status: 409, retryable: true },
  key_reused: { status: 422, retryable: false },
  answer_not_kept: { status: 409, retryable: false },
  // Everything else: a defect of ours
  internal: { status: 500, retryable: false },
} as const;

/** One of the closed set of codes. */
export type ErrorCode = keyof typeof errorCodes;
