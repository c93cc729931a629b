import type { HttpFrontLimits } from "./limits.ts";

/** A request head as far as framing and routing need it. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly path: string;
  readonly httpMinor: 0 | 1;
  /** Declared body length, or -1. */
  readonly contentLength: number;
  readonly chunked: boolean;
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectContinue: boolean;
  /** The whole head, one character a byte. */
  readonly text: string;
}

/** Why a request is refused, and with which status. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

/**
 * Reads a head that llhttp has accepted, and refuses what llhttp lets pass but a proxy must not: whatever
 * another server could read another way.
 */
export const parseRequestHead = (text: string, limits: HttpFrontLimits): RequestHead | Refusal => {
  const lineEnd = text.indexOf("\r\n");
  const methodEnd = text.indexOf(" ");
  const targetEnd = lineEnd - versionLength - 1;
  // llhttp allows more than one space, versions 0.9 and 2.0, and RTSP.
  if (!text.endsWith("\r\n\r\n") || targetEnd <= methodEnd || text.indexOf(" ", methodEnd + 1) !== targetEnd) {
    return refuse(400, "malformed request line");
  }
  const minor = text.charCodeAt(lineEnd - 1) - digitZero;
  if (!text.startsWith("HTTP/1.", targetEnd + 1) || (minor !== 0 && minor !== 1)) {
    return refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
  }
  if (targetEnd - methodEnd - 1 > limits.targetBytesMax) return refuse(414, "request target too long");
  const method = text.slice(0, methodEnd);
  const target = text.slice(methodEnd + 1, targetEnd);
  const fields = readFields(text, lineEnd + 2, limits.headFieldsMax);
  if (typeof fields === "string") return refuse(fields === tooManyFields ? 431 : 400, fields);
  const bad = checkFields(fields, minor);
  if (bad !== undefined) return bad;
  if (method === "CONNECT") return refuse(501, "CONNECT is not served here");
  const path = pathOf(method, target, fields.host);
  if (path === undefined) return refuse(400, "bad request target");
  return {
    method,
    target,
    path,
    httpMinor: minor,
    contentLength: fields.contentLength === undefined ? -1 : Number(fields.contentLength),
    chunked: fields.transferEncoding !== undefined,
    expectContinue: fields.expect !== undefined && minor === 1,
    text,
  };
};

/** First value of a field in a head's text, without the white space around it. `name` in lower case. */
export const fieldOf = (text: string, name: string): string | undefined => {
  let at = text.indexOf("\r\n") + 2;
  for (;;) {
    const end = text.indexOf("\r\n", at);
    if (end <= at) return undefined;
    if (isField(text, at, name)) return valueOf(text, at + name.length + 1, end);
    at = end + 2;
  }
};

const versionLength = "HTTP/1.1".length;
const digitZero = 48;
const colon = 58;
const toLower = 0x20;
const tooManyFields = "too many fields";
const hostPattern = /^(?:[A-Za-z0-9._~!$&'()*+;=%-]*|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/;
const lengthPattern = /^\d{1,15}$/;

const refuse = (status: number, reason: string): Refusal => ({ status, reason });

/** The fields that decide framing; each at most once. */
interface FramingFields {
  host: string | undefined;
  contentLength: string | undefined;
  transferEncoding: string | undefined;
  expect: string | undefined;
}

const isField = (text: string, at: number, name: string): boolean =>
  text.charCodeAt(at + name.length) === colon && text.slice(at, at + name.length).toLowerCase() === name;

/** A field's value without the spaces and tabs around it; not `trim`, which also removes what is part of a value. */
const valueOf = (text: string, from: number, to: number): string => {
  let start = from;
  let end = to;
  while (start < end && isSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
};

const isSpace = (code: number): boolean => code === 0x20 || code === 0x09;

/** The framing fields, or why the head is refused. */
const readFields = (text: string, from: number, fieldsMax: number): FramingFields | string => {
  const fields: FramingFields = {
    host: undefined,
    contentLength: undefined,
    transferEncoding: undefined,
    expect: undefined,
  };
  let at = from;
  for (let count = 0; ; count += 1) {
    const end = text.indexOf("\r\n", at);
    if (end === at) return fields;
    if (count === fieldsMax) return tooManyFields;
    // First letters of the four names; every other field is passed over at the cost of one search.
    switch (text.charCodeAt(at) | toLower) {
      case 0x68:
        if (!isField(text, at, "host")) break;
        if (fields.host !== undefined) return "more than one Host";
        fields.host = valueOf(text, at + 5, end);
        break;
      case 0x63:
        if (!isField(text, at, "content-length")) break;
        if (fields.contentLength !== undefined) return "more than one Content-Length";
        fields.contentLength = valueOf(text, at + 15, end);
        break;
      case 0x74:
        if (!isField(text, at, "transfer-encoding")) break;
        if (fields.transferEncoding !== undefined) return "more than one Transfer-Encoding";
        fields.transferEncoding = valueOf(text, at + 18, end);
        break;
      case 0x65:
        if (isField(text, at, "expect")) fields.expect = valueOf(text, at + 7, end);
        break;
      default:
    }
    at = end + 2;
  }
};

const checkFields = (fields: FramingFields, minor: 0 | 1): Refusal | undefined => {
  const { host, contentLength, transferEncoding, expect } = fields;
  if (transferEncoding !== undefined) {
    if (contentLength !== undefined) return refuse(400, "both Content-Length and Transfer-Encoding");
    if (minor === 0) return refuse(400, "Transfer-Encoding in HTTP/1.0");
    if (transferEncoding.toLowerCase() !== "chunked") return refuse(400, "Transfer-Encoding other than chunked");
  }
  if (contentLength !== undefined && !lengthPattern.test(contentLength)) return refuse(400, "bad Content-Length");
  if (host === undefined) {
    if (minor === 1) return refuse(400, "no Host");
  } else if (!hostPattern.test(host)) return refuse(400, "bad Host");
  if (expect !== undefined && minor === 1 && expect.toLowerCase() !== "100-continue") {
    return refuse(417, "only 100-continue can be expected");
  }
  return undefined;
};

/** Path of an origin-form, asterisk-form or absolute-form target; undefined when it is none of them. */
const pathOf = (method: string, target: string, host: string | undefined): string | undefined => {
  if (target.includes("#")) return undefined;
  if (target.charCodeAt(0) === 0x2f) return cutQuery(target);
  if (target === "*") return method === "OPTIONS" ? "*" : undefined;
  const absolute = /^https?:\/\/([^/?]+)(.*)$/i.exec(target);
  const authority = absolute?.[1];
  if (authority === undefined || !hostPattern.test(authority)) return undefined;
  // The target's authority counts (RFC 9112, 3.2.2); a client that says two things is refused instead.
  if (host !== undefined && host.toLowerCase() !== authority.toLowerCase()) return undefined;
  const rest = absolute?.[2] ?? "";
  return rest.startsWith("/") ? cutQuery(rest) : "/";
};

const cutQuery = (target: string): string => {
  const query = target.indexOf("?");
  return query === -1 ? target : target.slice(0, query);
};
