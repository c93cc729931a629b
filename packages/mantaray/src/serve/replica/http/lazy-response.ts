import { replicaLimits } from "../limits.ts";
import { forwardMembers } from "./forward-members.ts";
import { LazyHeaders } from "./lazy-headers.ts";

const RealResponse = globalThis.Response;
const RealHeaders = globalThis.Headers;

/** What is sent of a response. */
export interface ResponseParts {
  readonly status: number;
  /** Empty: the usual one. */
  readonly statusText: string;
  /** Name (lower case), value, name, value … */
  readonly fields: readonly string[];
  readonly body: string | Uint8Array | ReadableStream<Uint8Array> | null;
}

/** Body kinds that need no stream. */
type PlainBody = string | Buffer<ArrayBuffer> | null;

/** A response made of plain parts; the real one exists only once somebody looks at more than its status. */
class PlainResponse {
  readonly #status: number;
  readonly #statusText: string;
  readonly #fields: string[];
  readonly #body: PlainBody;
  #real: Response | undefined;
  #sent = false;

  constructor(status: number, statusText: string, fields: string[], body: PlainBody) {
    this.#status = status;
    this.#statusText = statusText;
    this.#fields = fields;
    this.#body = body;
  }

  get status(): number {
    return this.#status;
  }

  get ok(): boolean {
    return this.#status >= 200 && this.#status <= 299;
  }

  get bodyUsed(): boolean {
    return (this.#sent && this.#body !== null) || this.#real?.bodyUsed === true;
  }

  static isPlain(value: unknown): value is PlainResponse {
    return typeof value === "object" && value !== null && #fields in value;
  }

  static materialise(response: PlainResponse): Response {
    if (response.#real === undefined) {
      const headers: [string, string][] = [];
      const fields = response.#fields;
      for (let index = 0; index < fields.length; index += 2) headers.push([fields[index]!, fields[index + 1]!]);
      response.#real = new RealResponse(response.#body, {
        status: response.#status,
        statusText: response.#statusText,
        headers,
      });
    }
    return response.#real;
  }

  /** Its parts, once: a body can be sent only once. */
  static take(response: PlainResponse): ResponseParts {
    const real = response.#real;
    const body = response.#body;
    if (body !== null) {
      if (response.#sent || real?.bodyUsed === true || real?.body?.locked === true) throw new TypeError(unusable);
      response.#sent = true;
    }
    const fields = real === undefined ? response.#fields : flatten(real.headers);
    return { status: response.#status, statusText: response.#statusText, fields, body };
  }
}

forwardMembers(PlainResponse.prototype, RealResponse.prototype, (lazy) => PlainResponse.materialise(lazy));

const unusable = "Body is unusable: Body has already been read";

/**
 * `Response` in a replica: an ordinary one of text or bytes is kept as its parts, everything else (other
 * bodies, odd headers, subclasses, mistakes) is left to the real constructor.
 */
const makeResponse = (body: unknown, init: unknown): object =>
  plainParts(body, init, "text/plain;charset=UTF-8") ??
  new RealResponse(body as ConstructorParameters<typeof Response>[0], init as ResponseInit);

/** `textType`: what a string is where its maker does not say. */
const plainParts = (body: unknown, init: unknown, textType: string): PlainResponse | undefined => {
  let plain: PlainBody;
  if (typeof body === "string") plain = body;
  else if (body === undefined || body === null) plain = null;
  else if (body instanceof Uint8Array && body.buffer instanceof ArrayBuffer) plain = Buffer.from(body);
  else if (body instanceof ArrayBuffer) plain = Buffer.from(new Uint8Array(body));
  else return undefined;
  let status = 200;
  let statusText = "";
  let fields: string[] | undefined = [];
  if (init !== undefined) {
    if (typeof init !== "object" || init === null) return undefined;
    const given = init as ResponseInit;
    if (given.status !== undefined) {
      status = given.status;
      if (!Number.isInteger(status) || status < 200 || status > 599) return undefined;
      if (plain !== null && (status === 204 || status === 205 || status === 304)) return undefined;
    }
    if (given.statusText !== undefined && given.statusText !== "") {
      statusText = given.statusText;
      if (typeof statusText !== "string" || !reasonPhrase.test(statusText)) return undefined;
    }
    if (given.headers !== undefined) fields = plainFields(given.headers);
    if (fields === undefined) return undefined;
  }
  if (typeof body === "string" && fieldIndex(fields, "content-type") === -1) fields.push("content-type", textType);
  return new PlainResponse(status, statusText, fields, plain);
};

const reasonPhrase = /^[\t\x20-\x7e]*$/;

/** A snapshot of header fields; undefined: for the real class to judge. */
const plainFields = (headers: unknown): string[] | undefined => {
  if (headers instanceof RealHeaders) return flatten(headers);
  if (typeof headers !== "object" || headers === null) return undefined;
  const fields: string[] = [];
  if (Array.isArray(headers)) {
    for (const pair of headers as unknown[]) {
      if (!Array.isArray(pair) || pair.length !== 2 || !addField(fields, pair[0], pair[1])) return undefined;
    }
    return fields;
  }
  const prototype: unknown = Object.getPrototypeOf(headers);
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  for (const name of Object.keys(headers)) {
    if (!addField(fields, name, (headers as Record<string, unknown>)[name])) return undefined;
  }
  return fields;
};

const flatten = (headers: Headers): string[] => {
  const fields: string[] = [];
  for (const [name, value] of LazyHeaders.isLazy(headers) ? LazyHeaders.pairs(headers) : headers)
    fields.push(name, value);
  return fields;
};

/** False: not an ordinary field. */
const addField = (fields: string[], name: unknown, value: unknown): boolean => {
  if (typeof name !== "string" || typeof value !== "string" || !plainValue.test(value)) return false;
  let lower = knownNames.get(name);
  if (lower === undefined) {
    if (!token.test(name)) return false;
    lower = name.toLowerCase();
    if (knownNames.size >= replicaLimits.knownHeaderNamesMax) knownNames.clear();
    knownNames.set(name, lower);
  }
  fields.push(lower, value);
  return true;
};

/** Names seen, with their lower-case form. A cache. */
const knownNames = new Map<string, string>();
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** No blanks at the ends, no control characters. */
const plainValue = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;

const fieldIndex = (fields: readonly string[], name: string): number => {
  for (let index = 0; index < fields.length; index += 2) if (fields[index] === name) return index;
  return -1;
};

/**
 * The constructor that stands for `Response`. It shares the real one's prototype, so that `instanceof` is
 * the same for both; a subclass of it gets real instances.
 */
export const LazyResponse = function Response(this: unknown, body?: unknown, init?: unknown): object {
  if (new.target === undefined) throw new TypeError("Class constructor Response cannot be invoked without 'new'");
  if (new.target !== (LazyResponse as unknown)) {
    const args = init === undefined ? [body] : [body, init];
    return Reflect.construct(RealResponse, args, new.target) as object;
  }
  return makeResponse(body, init);
} as unknown as typeof globalThis.Response;

Object.defineProperty(LazyResponse, "prototype", { value: RealResponse.prototype, writable: false });
Object.defineProperty(LazyResponse, "length", { value: 0, configurable: true });
Object.defineProperties(LazyResponse, {
  error: { value: () => RealResponse.error(), writable: true, enumerable: true, configurable: true },
  redirect: {
    value: (...args: Parameters<typeof Response.redirect>) => RealResponse.redirect(...args),
    writable: true,
    enumerable: true,
    configurable: true,
  },
  json: {
    value: (data: unknown, init?: ResponseInit) => jsonResponse(data, init),
    writable: true,
    enumerable: true,
    configurable: true,
  },
});

const jsonResponse = (data: unknown, init: ResponseInit | undefined): object => {
  const text = JSON.stringify(data) as string | undefined;
  const plain = text === undefined ? undefined : plainParts(text, init, "application/json");
  return plain ?? RealResponse.json(data, init);
};

/** Whether a value is any kind of `Response`, those of other copies of undici included. */
export const isResponse = (value: unknown): value is Response =>
  value instanceof RealResponse ||
  (typeof value === "object" &&
    value !== null &&
    (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === "Response" &&
    typeof (value as Response).status === "number" &&
    typeof (value as Response).headers === "object");

/** The parts of any `Response`, whose body is used from then on. Throws `TypeError` when it was before. */
export const takeResponse = (response: Response): ResponseParts => {
  if (PlainResponse.isPlain(response)) return PlainResponse.take(response);
  if (response.status === 0) throw new TypeError("a Response.error() cannot be sent to a client");
  if (response.bodyUsed || response.body?.locked === true) throw new TypeError(unusable);
  const fields = flatten(response.headers);
  // `fetch` has decoded the body, and the fields speak of it as it was.
  const decoded = response.url !== "" && fieldIndex(fields, "content-encoding") !== -1;
  return {
    status: response.status,
    statusText: response.statusText,
    fields: decoded ? withoutFields(fields, ["content-encoding", "content-length"]) : fields,
    body: response.body,
  };
};

const withoutFields = (fields: readonly string[], names: readonly string[]): string[] => {
  const kept: string[] = [];
  for (let index = 0; index < fields.length; index += 2) {
    if (!names.includes(fields[index]!)) kept.push(fields[index]!, fields[index + 1]!);
  }
  return kept;
};
