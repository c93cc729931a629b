import { type ResetCode, resetCodes } from "../../rpc/types.ts";

/** Everything that decides what becomes of a request whose stream ended early. */
export interface BrokenAttempt {
  readonly code: ResetCode;
  /** The replica said, or is known, to have begun. For a repeatable request false means "not known". */
  readonly accepted: boolean;
  /** The first byte of an answer was passed on. */
  readonly responded: boolean;
  readonly repeatable: boolean;
  /** The whole body, as far as it was sent, is still held. */
  readonly replayable: boolean;
  /** How often it may have run by now, this attempt included. */
  readonly executions: number;
  readonly executionsMax: number;
}

/**
 * `resend`: it never ran, any method, free. `resend-within-budget`: it may have run and may run again.
 * `lost`: it may have run and must not run again. `cut`: the answer had begun. `fail`: another try cannot help.
 */
export type RetryDecision = "resend" | "resend-within-budget" | "lost" | "cut" | "fail";

/** DESIGN section 8 as a function. Deadline and budget are the router's, which asks them after. */
export const decideRetry = (attempt: BrokenAttempt): RetryDecision => {
  if (attempt.responded) return "cut";
  switch (attempt.code) {
    case resetCodes.refused:
    case resetCodes.draining:
      // Said by a live acceptor: nothing ran, unless it had said otherwise before.
      if (!attempt.accepted) return attempt.replayable ? "resend" : "lost";
      return afterAcceptance(attempt);
    case resetCodes.linkLost:
    // An acceptor that cancels by itself is one that goes down.
    case resetCodes.canceled:
      // Only an opener that asked for ACCEPT knows from its absence that nothing ran.
      if (!attempt.accepted && !attempt.repeatable) return attempt.replayable ? "resend" : "lost";
      return afterAcceptance(attempt);
    case resetCodes.deadlineExceeded:
    case resetCodes.internal:
    case resetCodes.protocolError:
    case resetCodes.tooLarge:
      return "fail";
    default:
      return attempt.code satisfies never;
  }
};

const afterAcceptance = (attempt: BrokenAttempt): RetryDecision => {
  if (!attempt.repeatable || !attempt.replayable) return "lost";
  return attempt.executions < attempt.executionsMax ? "resend-within-budget" : "lost";
};
