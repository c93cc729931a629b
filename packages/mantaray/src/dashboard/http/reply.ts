import { type ErrorCode, errorCodes } from "../../base/error-codes.ts";
import type { MantaError } from "../../base/errors.ts";

/** An answer, complete. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const textReply = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  headers: { "content-type": "text/plain; charset=utf-8", ...headers },
  body,
});

export const jsonReply = (status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  headers: { "content-type": "application/json; charset=utf-8", ...headers },
  body: JSON.stringify(value),
});

/** A success that says nothing: what the Serve REST answers to PUT and DELETE. */
export const emptyReply: Reply = { status: 200, headers: {}, body: "" };

/** The envelope of the dashboard's camel-case endpoints. */
export const envelopeReply = (msg: string, data: Readonly<Record<string, unknown>>): Reply =>
  jsonReply(200, { result: true, msg, data });

export const failedEnvelopeReply = (status: number, msg: string): Reply =>
  jsonReply(status, { result: false, msg, data: {} });

/** Errors of the control plane that a client should meet with "try again". */
const awayCodes: ReadonlySet<ErrorCode> = new Set([
  "deadline_exceeded",
  "actor_died",
  "protocol_error",
  "canceled",
  "stale_epoch",
]);

/** HTTP status of an error of this API: 400 for bad input, 503 when the control plane is away, else its own. */
export const restStatus = (error: MantaError): number =>
  awayCodes.has(error.code) ? 503 : errorCodes[error.code].status;
