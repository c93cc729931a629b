import type { ErrorCode } from "../../../base/error-codes.ts";
import type { MantaError } from "../../../base/errors.ts";
import { retryAfterSecondsOf } from "../../../base/retry-after.ts";
import { type HandlerAnswer, textAnswer } from "./handler-answer.ts";

/** Failures of calls to other deployments that tell the client to come again; any other error is the handler's own. */
const overloads: ReadonlySet<ErrorCode> = new Set([
  "queue_full",
  "deployment_unavailable",
  "unavailable",
  "draining",
  "resource_exhausted",
  "link_lost",
  "actor_died",
]);

/** Of a refusal of ours: its code, for programs. */
export const reasonField = "x-manta-reason";

/** What a failure of a call to another deployment means to the client; undefined: it is the handler's own. */
export const overloadAnswer = (error: unknown): HandlerAnswer | undefined => {
  if (!(error instanceof Error) || error.name !== "MantaError") return undefined;
  const { code, rawMessage, status } = error as MantaError;
  if (overloads.has(code)) {
    return textAnswer(status, rawMessage, [reasonField, code, "retry-after", String(retryAfterSecondsOf(code))]);
  }
  return code === "deadline_exceeded" ? textAnswer(status, rawMessage, [reasonField, code]) : undefined;
};
