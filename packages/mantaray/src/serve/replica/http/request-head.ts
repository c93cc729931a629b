import { MantaError } from "../../../base/errors.ts";
import { httpHeadVersion, requestHeadFixedBytes } from "../../../protocol/http-frames.ts";
import { replicaLimits } from "../limits.ts";

/** Fields between two hops, which are nobody's business beyond (RFC 9110 section 7.6.1). */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
]);

const internalPrefix = "x-manta-";

/**
 * Head of an HTTP request (`protocol/http-frames.ts`), read where someone asks. The bytes were checked by
 * llhttp in the proxy. They are kept as a string of one character a byte, which is what a header value is.
 */
export class RequestHead {
  readonly flags: number;
  readonly requestId: string;
  readonly routePrefix: string;
  readonly #text: string;
  readonly #clientAddressAt: number;
  readonly #blockAt: number;
  readonly #methodEnd: number;
  readonly #targetEnd: number;
  readonly #fieldsAt: number;
  #fields: readonly string[] | undefined;
  #combined: ReadonlyMap<string, string> | undefined;

  /** `bytes` is a view that is not kept. Throws `protocol_error`. */
  constructor(bytes: Buffer) {
    if (bytes.length < requestHeadFixedBytes || bytes[0] !== httpHeadVersion) {
      throw new MantaError("protocol_error", `a request head of version ${bytes[0]}, ${bytes.length} bytes`);
    }
    this.flags = bytes[1]!;
    const requestIdAt = readU16(bytes, 2);
    this.#clientAddressAt = requestIdAt + readU16(bytes, 4);
    this.#blockAt = this.#clientAddressAt + readU16(bytes, 6);
    const text = bytes.toString("latin1", requestHeadFixedBytes);
    this.#text = text;
    this.routePrefix = text.slice(0, requestIdAt);
    this.requestId = text.slice(requestIdAt, this.#clientAddressAt);
    const methodEnd = text.indexOf(" ", this.#blockAt);
    const targetEnd = text.indexOf(" ", methodEnd + 1);
    const lineEnd = text.indexOf("\r\n", targetEnd);
    if (methodEnd === -1 || targetEnd === -1 || lineEnd === -1) {
      throw new MantaError("protocol_error", "a request head without a request line");
    }
    this.#methodEnd = methodEnd;
    this.#targetEnd = targetEnd;
    this.#fieldsAt = lineEnd + 2;
  }

  get method(): string {
    return this.#text.slice(this.#blockAt, this.#methodEnd);
  }

  get target(): string {
    return this.#text.slice(this.#methodEnd + 1, this.#targetEnd);
  }

  get clientAddress(): string {
    return this.#text.slice(this.#clientAddressAt, this.#blockAt);
  }

  /** Name (lower case), value, name, value … in the client's order, without what is hidden from applications. */
  get fields(): readonly string[] {
    this.#fields ??= visibleFields(parseFields(this.#text, this.#fieldsAt));
    return this.#fields;
  }

  /** Values by lower-case name, several of one name combined as `Headers` does. */
  get combined(): ReadonlyMap<string, string> {
    this.#combined ??= combine(this.fields);
    return this.#combined;
  }

  /** Absolute and normal, as a `Request` has it. */
  get url(): string {
    const { target } = this;
    const host = this.combined.get("host") ?? "localhost";
    if (target.charCodeAt(0) !== slash) return absoluteUrl(target, host);
    return plainTarget.test(target) && !dotSegment.test(target)
      ? originOf(host) + target
      : new URL(originOf(host) + target).href;
  }
}

const readU16 = (bytes: Buffer, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;

const slash = 47;
/** What the URL parser would leave as it is. */
const plainTarget = /^[A-Za-z0-9\-._~!$&()*+,;=:@/%?[\]]*$/;
const dotSegment = /\/(?:\.|%2e)/i;

const parseFields = (text: string, from: number): string[] => {
  const fields: string[] = [];
  for (let at = from; ; ) {
    const end = text.indexOf("\r\n", at);
    if (end === -1 || end === at) return fields;
    const colon = text.indexOf(":", at);
    if (colon > at && colon < end) {
      fields.push(text.slice(at, colon).toLowerCase(), trimmed(text, colon + 1, end));
    }
    at = end + 2;
  }
};

const space = 32;
const tab = 9;

const trimmed = (text: string, from: number, to: number): string => {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
};

const isBlank = (code: number): boolean => code === space || code === tab;

const visibleFields = (fields: readonly string[]): string[] => {
  let named: Set<string> | undefined;
  for (let index = 0; index < fields.length; index += 2) {
    if (fields[index] !== "connection") continue;
    named ??= new Set();
    for (const token of fields[index + 1]!.split(",")) named.add(token.trim().toLowerCase());
  }
  const visible: string[] = [];
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index]!;
    if (hopByHop.has(name) || name.startsWith(internalPrefix) || named?.has(name) === true) continue;
    visible.push(name, fields[index + 1]!);
  }
  return visible;
};

const combine = (fields: readonly string[]): Map<string, string> => {
  const combined = new Map<string, string>();
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index]!;
    const value = fields[index + 1]!;
    const before = combined.get(name);
    combined.set(name, before === undefined ? value : `${before}${name === "cookie" ? "; " : ", "}${value}`);
  }
  return combined;
};

/** Origins by host as the clients spell it. A cache, emptied when full: the key is the client's word. */
const origins = new Map<string, string>();

const originOf = (host: string): string => {
  const known = origins.get(host);
  if (known !== undefined) return known;
  const origin = URL.parse(`http://${host}/`)?.origin ?? "http://localhost";
  if (origins.size >= replicaLimits.knownHostsMax) origins.clear();
  origins.set(host, origin);
  return origin;
};

/** `*` of OPTIONS, or a target that is a whole URL already. */
const absoluteUrl = (target: string, host: string): string => URL.parse(target)?.href ?? `${originOf(host)}/`;
