import { MantaError } from "../../../base/errors.ts";
import { isResponse, takeResponse } from "./lazy-response.ts";

/** What is sent for a handler's value. */
export interface HandlerAnswer {
  readonly status: number;
  /** Empty: the usual one. */
  readonly statusText: string;
  /** Name (lower case), value, name, value … */
  readonly fields: readonly string[];
  readonly body: string | Uint8Array | ChunkIterator | null;
}

/** The pieces of a body as they come. */
export interface ChunkIterator {
  next(): Promise<{ readonly done?: boolean | undefined; readonly value?: unknown }>;
  /** Nobody wants the rest. */
  cancel(reason: Error): Promise<unknown>;
}

const textFields = ["content-type", "text/plain; charset=utf-8"];
const jsonFields = ["content-type", "application/json"];
const bytesFields = ["content-type", "text/plain"];

/**
 * What a handler's value means (reference section 4.4): a `Response` as it is, text as text/plain, bytes
 * raw as text/plain, nothing as an empty text, a stream or (async) generator as a body in pieces, anything
 * else as compact JSON.
 * Throws what the value deserves: a used body, or something that is no JSON.
 */
export const answerOf = (value: unknown): HandlerAnswer => {
  if (typeof value === "string") return plain(textFields, value);
  if (value === undefined || value === null) return plain(textFields, "");
  if (typeof value !== "object") return plain(jsonFields, jsonOf(value));
  if (isResponse(value)) {
    const parts = takeResponse(value);
    return parts.body instanceof ReadableStream
      ? { ...parts, body: streamChunks(parts.body) }
      : (parts as HandlerAnswer);
  }
  // A copy: the handler may go on using its memory while ours waits to be sent.
  if (value instanceof Uint8Array) return plain(bytesFields, Buffer.from(value));
  if (value instanceof ArrayBuffer) return plain(bytesFields, Buffer.from(value.slice()));
  if (value instanceof ReadableStream) return plain(textFields, streamChunks(value));
  const iterator = iteratorOf(value);
  return iterator === undefined ? plain(jsonFields, jsonOf(value)) : plain(textFields, iteratorChunks(iterator));
};

/** An answer of our own, in plain text. */
export const textAnswer = (status: number, text: string, fields: readonly string[] = []): HandlerAnswer => ({
  status,
  statusText: "",
  fields: [...textFields, ...fields],
  body: text,
});

/** The iterator of a generator or of anything async that can be iterated; undefined for other values, arrays too. */
export const iteratorOf = (value: object): AnyIterator | undefined => {
  const source = value as { [Symbol.asyncIterator]?: unknown; [Symbol.iterator]?: unknown; next?: unknown };
  if (typeof source[Symbol.asyncIterator] === "function") {
    return (value as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  }
  const isGenerator = typeof source[Symbol.iterator] === "function" && typeof source.next === "function";
  return isGenerator ? (value as Iterable<unknown>)[Symbol.iterator]() : undefined;
};

/** An iterator whose steps may or may not be promises. */
export interface AnyIterator {
  next(): IteratorResult<unknown> | Promise<IteratorResult<unknown>>;
  return?(): unknown;
}

const plain = (fields: readonly string[], body: HandlerAnswer["body"]): HandlerAnswer => ({
  status: 200,
  statusText: "",
  fields,
  body,
});

const jsonOf = (value: unknown): string => {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined)
    throw new MantaError("user_error", `the handler returned a ${typeof value}, which is no JSON`);
  return text;
};

const streamChunks = (stream: ReadableStream<unknown>): ChunkIterator => {
  const reader = stream.getReader();
  return { next: () => reader.read(), cancel: (reason) => reader.cancel(reason) };
};

const iteratorChunks = (iterator: AnyIterator): ChunkIterator => ({
  next: async () => iterator.next(),
  cancel: async () => iterator.return?.(),
});
