import { STATUS_CODES } from "node:http";
import { MantaError } from "../../../base/errors.ts";
import { responseFlags, responseHeadFixedBytes } from "../../../protocol/http-frames.ts";
import { httpDate } from "./http-date.ts";

/** How the body of a response is delimited: its length in bytes, or one of these. */
export const bodyFraming = {
  /** Length unknown: the proxy frames chunks. */
  chunked: -1,
  /** No body and no word about one (204, or HEAD of a stream). */
  none: -2,
} as const;

/** What the head of a response says. */
export interface ResponseHeadParts {
  readonly status: number;
  /** Empty: the usual one. */
  readonly statusText: string;
  /** Name (lower case), value, name, value … as the application gave them. */
  readonly fields: readonly string[];
}

/**
 * Head of a RESPONSE frame: status line and fields, ready to be sent to the client. Fields between two
 * hops and the body's length are ours to say; the application's are left out. Throws `user_error` for a
 * field that would break the head.
 */
export const encodeResponseHead = (
  parts: ResponseHeadParts,
  /** Bytes, or a `bodyFraming`. */
  framing: number,
  bodyless: boolean,
  requestId: string,
): Buffer => {
  const { status, statusText, fields } = parts;
  let text = statusText === "" ? statusLine(status) : `HTTP/1.1 ${status} ${checked("statusText", statusText)}\r\n`;
  let dated = false;
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index]!;
    if (ours.has(name)) continue;
    if (name === "date") dated = true;
    text += `${name}: ${checked(name, fields[index + 1]!)}\r\n`;
  }
  if (!dated) text += `date: ${httpDate()}\r\n`;
  text += `x-request-id: ${requestId}\r\n`;
  // Last, where the proxy's check finds it without a search.
  if (framing >= 0) text += `content-length: ${framing}\r\n\r\n`;
  else text += framing === bodyFraming.chunked ? "transfer-encoding: chunked\r\n\r\n" : "\r\n";
  const head = Buffer.allocUnsafe(responseHeadFixedBytes + text.length);
  head[0] = (framing === bodyFraming.chunked ? responseFlags.streamed : 0) | (bodyless ? responseFlags.bodyless : 0);
  head[1] = status >> 8;
  head[2] = status & 0xff;
  head.write(text, responseHeadFixedBytes, "latin1");
  return head;
};

const ours = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "content-length",
  "x-request-id",
]);

const okLine = "HTTP/1.1 200 OK\r\n";

const statusLine = (status: number): string =>
  status === 200 ? okLine : `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\n`;

/** `Response` has checked already; an object that only looks like one may not have. */
const checked = (name: string, value: string): string => {
  if (breaking.test(value)) {
    throw new MantaError("user_error", `${name} of a response must not hold line breaks or characters beyond Latin-1`);
  }
  return value;
};

// oxlint-disable-next-line no-control-regex -- these are what the rule is about
const breaking = /[\0\r\n\u0100-\uffff]/;
