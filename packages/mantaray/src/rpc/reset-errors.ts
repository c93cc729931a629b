import type { ErrorCode } from "../base/error-codes.ts";
import { MantaError } from "../base/errors.ts";
import { type ResetCode, resetCodes } from "./types.ts";

/** What a reset means to the caller of a control call. */
export const resetError = (what: string, code: ResetCode, message: string): MantaError => {
  const known: ErrorCode | undefined = errorCodeOfReset[code];
  return new MantaError(
    known ?? "protocol_error",
    `${what}: ${message === "" ? `the stream was reset (${code})` : message}`,
  );
};

const errorCodeOfReset: Readonly<Record<ResetCode, ErrorCode>> = {
  [resetCodes.canceled]: "canceled",
  [resetCodes.deadlineExceeded]: "deadline_exceeded",
  [resetCodes.internal]: "internal",
  [resetCodes.refused]: "unimplemented",
  [resetCodes.draining]: "draining",
  [resetCodes.protocolError]: "protocol_error",
  [resetCodes.tooLarge]: "payload_too_large",
  [resetCodes.linkLost]: "link_lost",
};
