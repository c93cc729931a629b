import { packValue, unpackValue } from "../../../actor/index.ts";
import { MantaError } from "../../../base/errors.ts";
import type { ResponseHeadParts } from "../http/response-head.ts";

/** A whole answer. */
export interface WholeAnswer extends ResponseHeadParts {
  readonly body: Buffer;
}

/** Bytes of an answer for the store; of one over `bytesMax` only that there was one. */
export const packAnswer = (answer: WholeAnswer, bytesMax: number): Buffer => {
  const { status, statusText, fields, body } = answer;
  if (body.length > bytesMax) return packValue({ version, bytes: body.length });
  return packValue({ version, status, statusText, fields: [...fields], body });
};

/** An answer from the store, or how long it was where it was too long to be kept. */
export const unpackAnswer = (bytes: Buffer): WholeAnswer | { readonly bytes: number } => {
  const value = unpackValue(bytes) as Partial<WholeAnswer> & { version?: unknown; bytes?: unknown };
  if (value.version !== version) throw new MantaError("internal", "a recorded answer is of an unknown version");
  if (typeof value.bytes === "number") return { bytes: value.bytes };
  const { status, statusText, fields, body } = value;
  if (
    typeof status !== "number" ||
    typeof statusText !== "string" ||
    !Array.isArray(fields) ||
    !Buffer.isBuffer(body)
  ) {
    throw new MantaError("internal", "a recorded answer is damaged");
  }
  return { status, statusText, fields: fields as readonly string[], body };
};

const version = 1;
