import { forwardMembers } from "./forward-members.ts";
import type { RequestHead } from "./request-head.ts";

const RealHeaders = globalThis.Headers;

/** `Headers` of a request: `get`, `has` and iteration read the head; anything else makes the real object. */
export class LazyHeaders {
  readonly #head: RequestHead;
  #real: Headers | undefined;

  constructor(head: RequestHead) {
    this.#head = head;
  }

  get(name: string): string | null {
    if (this.#real !== undefined) return this.#real.get(name);
    return this.#head.combined.get(fieldName(name)) ?? null;
  }

  has(name: string): boolean {
    if (this.#real !== undefined) return this.#real.has(name);
    return this.#head.combined.has(fieldName(name));
  }

  entries(): HeadersIterator<[string, string]> {
    return this.#real?.entries() ?? sortedEntries(this.#head).values();
  }

  keys(): HeadersIterator<string> {
    return (
      this.#real?.keys() ??
      sortedEntries(this.#head)
        .map(([name]) => name)
        .values()
    );
  }

  values(): HeadersIterator<string> {
    return (
      this.#real?.values() ??
      sortedEntries(this.#head)
        .map(([, value]) => value)
        .values()
    );
  }

  [Symbol.iterator](): HeadersIterator<[string, string]> {
    return this.entries();
  }

  forEach(callback: (value: string, name: string, headers: Headers) => void, thisArg?: unknown): void {
    for (const [name, value] of this.entries()) callback.call(thisArg, value, name, this as unknown as Headers);
  }

  static isLazy(value: unknown): value is LazyHeaders {
    return typeof value === "object" && value !== null && #head in value;
  }

  /** The real object, which holds the truth from then on. `adopt`: take this one. */
  static materialise(headers: LazyHeaders, adopt?: Headers): Headers {
    if (adopt !== undefined && headers.#real === undefined) headers.#real = adopt;
    headers.#real ??= new RealHeaders(fieldPairs(headers.#head));
    return headers.#real;
  }

  /** The fields as pairs, changes included. */
  static pairs(headers: LazyHeaders): [string, string][] {
    return headers.#real === undefined ? fieldPairs(headers.#head) : [...headers.#real];
  }
}

type HeadersIterator<T> = IterableIterator<T>;

forwardMembers(LazyHeaders.prototype, RealHeaders.prototype, (lazy) => LazyHeaders.materialise(lazy));

/** Names are mostly given in lower case already. A malformed one is for the real class to complain about. */
const fieldName = (name: unknown): string => {
  if (typeof name === "string" && lowerToken.test(name)) return name;
  const text = String(name).toLowerCase();
  if (!lowerToken.test(text)) new RealHeaders().get(text);
  return text;
};

const lowerToken = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

const fieldPairs = (head: RequestHead): [string, string][] => {
  const pairs: [string, string][] = [];
  const { fields } = head;
  for (let index = 0; index < fields.length; index += 2) pairs.push([fields[index]!, fields[index + 1]!]);
  return pairs;
};

/** As `Headers` iterates: by name, combined, but each `set-cookie` for itself. */
const sortedEntries = (head: RequestHead): [string, string][] => {
  const entries = [...head.combined].filter(([name]) => name !== "set-cookie");
  if (head.combined.has("set-cookie")) {
    entries.push(...fieldPairs(head).filter(([name]) => name === "set-cookie"));
  }
  return entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
};
