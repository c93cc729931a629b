import type { Output } from "./output.ts";
import type { ResponseFlags } from "./request-exchange.ts";
import { declaredLength, declaresLength, isEventStream, statusOf, withoutTransferEncoding } from "./response-head.ts";

/** How the body of the response under way is delimited. */
type Framing = "none" | "fixed" | "chunked" | "until-close" | "raw";

/** What a response needs to know of its request. */
export interface ResponseTo {
  readonly method: string;
  readonly httpMinor: 0 | 1;
}

/** Frames one response at a time for one client, and refuses bodies that would make it lose step. */
export class ResponseWriter {
  /** The body's end is the connection's. */
  untilClose = false;
  /** An event stream in chunks. */
  eventStream = false;
  #framing: Framing = "none";
  #leftBytes = 0;
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  /**
   * Sends the head with the first body bytes. False, and nothing is sent, when a complete response does not
   * have the length it declares.
   */
  start(
    request: ResponseTo,
    head: Uint8Array,
    body: Uint8Array | null,
    flags: ResponseFlags,
    keepAlive: boolean,
  ): boolean {
    this.#framing = framingOf(request, head, flags);
    if (this.#framing === "fixed" && !this.#checkLength(head, body?.length ?? 0, flags.end)) return false;
    this.untilClose = this.#framing === "until-close";
    this.eventStream = this.#framing === "chunked" && isEventStream(head);
    const connection = this.#framing === "raw" ? "" : connectionField(request, keepAlive && !this.untilClose);
    const kept = flags.streamed && request.httpMinor === 0 ? withoutTransferEncoding(head) : head;
    const sent = this.#framing === "none" ? null : body;
    if (this.#framing === "chunked" && sent !== null && sent.length > 0) {
      this.#output.push(join(kept, connection, `${sent.length.toString(16)}\r\n`, sent, "\r\n"));
    } else {
      this.#output.push(join(kept, connection, "", sent, ""));
    }
    return true;
  }

  /** Compares what a head declares with the body that comes along. Without a declaration the close is the end. */
  #checkLength(head: Uint8Array, bytes: number, end: boolean): boolean {
    this.#leftBytes = 0;
    if (end && declaresLength(head, bytes)) return true;
    const declared = declaredLength(head);
    if (declared === -1) this.#framing = "until-close";
    else this.#leftBytes = declared - bytes;
    return declared === -1 || (end ? this.#leftBytes === 0 : this.#leftBytes >= 0);
  }

  /** More body. False when it is more than the head declared; the connection must then be cut. */
  write(chunk: Uint8Array): boolean {
    if (chunk.length === 0 || this.#framing === "none") return true;
    if (this.#framing === "fixed") {
      this.#leftBytes -= chunk.length;
      if (this.#leftBytes < 0) return false;
    }
    const chunked = this.#framing === "chunked";
    this.#output.push(
      join(nothing, "", chunked ? `${chunk.length.toString(16)}\r\n` : "", chunk, chunked ? "\r\n" : ""),
    );
    return true;
  }

  /** The body is complete. False when it is less than the head declared; the connection must then be cut. */
  finish(): boolean {
    if (this.#framing === "chunked") this.#output.push(lastChunk);
    return this.#framing !== "fixed" || this.#leftBytes === 0;
  }
}

/** The field line a response needs about its connection, or empty: persistence is HTTP/1.1's default. */
export const connectionField = (request: ResponseTo, keepAlive: boolean): string => {
  if (!keepAlive) return "connection: close\r\n";
  return request.httpMinor === 0 ? "connection: keep-alive\r\n" : "";
};

const nothing = new Uint8Array(0);
const lastChunk = Buffer.from("0\r\n\r\n");

const framingOf = (request: ResponseTo, head: Uint8Array, flags: ResponseFlags): Framing => {
  const status = statusOf(head);
  if (status === 101) return "raw";
  if (flags.bodyless || request.method === "HEAD" || status === 204 || status === 304) return "none";
  if (flags.streamed) return request.httpMinor === 1 ? "chunked" : "until-close";
  return "fixed";
};

/** One buffer of a head (with a field line put in before its end), a body, and the framing around that. */
const join = (head: Uint8Array, field: string, before: string, body: Uint8Array | null, after: string): Buffer => {
  const bodyBytes = body?.length ?? 0;
  const buffer = Buffer.allocUnsafe(head.length + field.length + before.length + bodyBytes + after.length);
  buffer.set(head, 0);
  let at = head.length;
  if (field !== "") {
    at = head.length - 2 + buffer.write(`${field}\r\n`, head.length - 2, "latin1");
  }
  if (before !== "") at += buffer.write(before, at, "latin1");
  if (body !== null) buffer.set(body, at);
  if (after !== "") buffer.write(after, at + bodyBytes, "latin1");
  return buffer;
};
