import { responseFlags, responseHeadFixedBytes } from "../../../protocol/http-frames.ts";
import { type Link, type OutStream, openFlags, streamKinds } from "../../../rpc/types.ts";
import { encodeRequestHead, type RequestHeadParts } from "./request-frames.ts";

/** What a proxy would have passed on to the client. */
export interface OpenedAnswer {
  readonly status: number;
  readonly statusLine: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly streamed: boolean;
  readonly bodyless: boolean;
  readonly load: number;
  readonly body: Buffer;
  /** Frames the body came in. */
  readonly frames: number;
}

/** A request that is under way. */
export interface OpenedRequest {
  readonly stream: OutStream;
  /** Head and what has come of the body so far. */
  readonly head: Promise<OpenedAnswer>;
  /** The whole answer; rejects with `rejected:<load>` or `reset:<code>:<message>`. */
  readonly answer: Promise<OpenedAnswer>;
  /** Fires when the stream takes more. */
  onWritable: (() => void) | undefined;
  received(): Buffer;
}

/** Sends a request over a link as a proxy does. `body` undefined with `open`: it follows by `stream.write`. */
export const openRequest = (
  link: Link,
  parts: Omit<RequestHeadParts, "fields"> & {
    readonly fields?: RequestHeadParts["fields"];
    readonly body?: string | Uint8Array;
    readonly open?: boolean;
    readonly deadlineMs?: number;
  },
): OpenedRequest => {
  const { fields = [["host", "test"]], body, open = false, deadlineMs = 0 } = parts;
  const answer = Promise.withResolvers<OpenedAnswer>();
  const head = Promise.withResolvers<OpenedAnswer>();
  for (const promise of [answer.promise, head.promise]) promise.catch(() => undefined);
  const chunks: Buffer[] = [];
  let first: OpenedAnswer | undefined;
  const complete = (): void => answer.resolve({ ...first!, body: Buffer.concat(chunks), frames: chunks.length });
  const fail = (error: Error): void => {
    head.reject(error);
    answer.reject(error);
  };
  const opened = { onWritable: undefined as (() => void) | undefined };
  const flags = (open ? 0 : openFlags.end) | openFlags.acceptRequired;
  const bytes = body === undefined ? null : Buffer.from(body as string);
  const stream = link.open(streamKinds.http, flags, deadlineMs, encodeRequestHead({ ...parts, fields }), bytes, {
    onReject: (load) => fail(new Error(`rejected:${load}`)),
    onResponse: (headBytes, bodyStart, end, load) => {
      if (bodyStart.length > 0) chunks.push(Buffer.from(bodyStart));
      first = { ...parseHead(headBytes), load, body: Buffer.from(bodyStart), frames: 1 };
      head.resolve(first);
      if (end) complete();
    },
    onData: (chunk) => chunks.push(Buffer.from(chunk)),
    onEnd: complete,
    onReset: (code, message) => fail(new Error(`reset:${code}:${message}`)),
    onWritable: () => opened.onWritable?.(),
  });
  return Object.assign(opened, {
    stream,
    head: head.promise,
    answer: answer.promise,
    received: () => Buffer.concat(chunks),
  });
};

const parseHead = (bytes: Buffer): Omit<OpenedAnswer, "load" | "body" | "frames"> => {
  const text = bytes.toString("latin1", responseHeadFixedBytes);
  if (!text.endsWith("\r\n\r\n")) throw new Error("a head without its end");
  const [statusLine = "", ...lines] = text.slice(0, -4).split("\r\n");
  const fields: Record<string, string> = {};
  const cookies: string[] = [];
  for (const line of lines) {
    const colon = line.indexOf(": ");
    const name = line.slice(0, colon);
    if (name === "set-cookie") cookies.push(line.slice(colon + 2));
    fields[name] = line.slice(colon + 2);
  }
  const flags = bytes[0]!;
  return {
    status: bytes.readUInt16BE(1),
    statusLine,
    fields,
    cookies,
    streamed: (flags & responseFlags.streamed) !== 0,
    bodyless: (flags & responseFlags.bodyless) !== 0,
  };
};
