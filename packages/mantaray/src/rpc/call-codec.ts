import { Packr } from "msgpackr";
import type { z } from "zod";
import type { ErrorCode } from "../base/error-codes.ts";
import { MantaError, type WireError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";

/**
 * Head of an OPEN frame of kind `call`. The body is the request. The head of the answer is empty, and its
 * body the response (or a run of items, see `items.ts`), or it is a packed `WireError`.
 */
export interface CallHead {
  readonly service: string;
  readonly method: string;
}

/** Packs a value so that typed arrays, dates, maps, sets and big integers survive. Each message stands alone. */
export const pack = (value: unknown): Buffer => packr.pack(value);

/** The value of a message, or `protocol_error`. Binaries in it are views of `bytes`, which must be the caller's own. */
export const unpack = (bytes: Buffer): unknown => {
  try {
    return packr.unpack(bytes);
  } catch (error) {
    throw new MantaError("protocol_error", `a message cannot be unpacked: ${String(error)}`, { cause: error });
  }
};

const packr = new Packr({ structuredClone: true, useRecords: false });

/** `pack` of a request or response, held to `limits.controlMessageBytesMax`. */
export const packMessage = (what: string, value: unknown): Buffer => {
  const bytes = pack(value);
  if (bytes.length > limits.controlMessageBytesMax) throw tooLarge(what, bytes.length);
  return bytes;
};

export const tooLarge = (what: string, bytes: number): MantaError =>
  new MantaError(
    "payload_too_large",
    `${what}: a message of ${bytes} bytes is over the limit of ${limits.controlMessageBytesMax}`,
  );

/** Checks a value against its schema; the error names where and which rule. */
export const checkMessage = (what: string, schema: z.ZodType, value: unknown, code: ErrorCode): unknown => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => {
    const path = issue.path.map(String).join(".");
    return path === "" ? issue.message : `${path}: ${issue.message}`;
  });
  const more = issues.length > issuesShown ? ` (and ${issues.length - issuesShown} more)` : "";
  throw new MantaError(code, `${what}: ${issues.slice(0, issuesShown).join("; ")}${more}`, {
    details: { issues: issues.slice(0, issuesListed) },
  });
};

const issuesShown = 3;
const issuesListed = 20;

/** A head as the peer sent it, or undefined when it is not one. */
export const parseCallHead = (head: Buffer): CallHead | undefined => {
  const value = unpack(Buffer.from(head));
  if (typeof value !== "object" || value === null || !("service" in value) || !("method" in value)) return undefined;
  const { service, method } = value;
  return typeof service === "string" && typeof method === "string" ? { service, method } : undefined;
};

/** The error of an answer, or undefined when it carries a response. */
export const parseAnswerHead = (head: Buffer): MantaError | undefined => {
  if (head.length === 0) return undefined;
  return errorFromWire(unpack(Buffer.from(head)));
};

export const errorFromWire = (value: unknown): MantaError => {
  const isWire =
    typeof value === "object" &&
    value !== null &&
    "code" in value &&
    typeof value.code === "string" &&
    "message" in value &&
    typeof value.message === "string";
  return isWire
    ? MantaError.fromWire(value as WireError)
    : new MantaError("protocol_error", "the peer sent a malformed error");
};
