import type { z } from "zod";
import { MantaError } from "../base/errors.ts";
import type { Method, Service } from "../protocol/service.ts";
import { parseCallHead, tooLarge } from "./call-codec.ts";
import type { CallContext } from "./call-context.ts";
import { MessageParts } from "./message-parts.ts";
import { ServedCall, type ServedMethod } from "./served-call.ts";
import { type InStream, type InStreamHandler, type Link, resetCodes, streamKinds } from "./types.ts";

type Answer<Response extends z.ZodType> = z.input<Response>;

/** What whoever serves a service brings. */
export type Implementation<S extends Service> = {
  readonly [Name in keyof S["methods"]]: S["methods"][Name] extends Method<infer Request, infer Response, infer Streams>
    ? (
        request: z.output<Request>,
        context: CallContext,
      ) => Streams extends true ? AsyncIterable<Answer<Response>> : Promise<Answer<Response>> | Answer<Response>
    : never;
};

/**
 * Answers calls of `service` on a link; several services may share it. A request that breaks its schema
 * is `invalid_argument`, an unknown service or method `unimplemented`. What the implementation throws
 * crosses to the caller.
 */
export const serveService = <S extends Service>(link: Link, service: S, implementation: Implementation<S>): void => {
  const methods = methodsOf(link);
  for (const [name, method] of Object.entries(service.methods)) {
    const run = implementation[name] as (request: unknown, context: CallContext) => unknown;
    methods.set(`${service.name}.${name}`, {
      method,
      run: (request, context) => run.call(implementation, request, context),
    });
  }
};

/** Methods served on each link, by `service.method`. Weak: gone with the link. */
const methodsOfLinks = new WeakMap<Link, Map<string, ServedMethod>>();

const methodsOf = (link: Link): Map<string, ServedMethod> => {
  const known = methodsOfLinks.get(link);
  if (known !== undefined) return known;
  const methods = new Map<string, ServedMethod>();
  methodsOfLinks.set(link, methods);
  link.accept(streamKinds.call, (stream, head, body, end) => acceptCall(methods, stream, head, body, end));
  return methods;
};

const acceptCall = (
  methods: ReadonlyMap<string, ServedMethod>,
  stream: InStream,
  head: Buffer,
  body: Buffer,
  end: boolean,
): InStreamHandler => {
  const call = parseCallHead(head);
  const what = call === undefined ? "" : `${call.service}.${call.method}`;
  const served = new ServedCall(stream, what, methods.get(what));
  const parts = new MessageParts();
  const take = (chunk: Buffer): void => {
    if (parts.add(chunk)) return;
    stream.reset(resetCodes.tooLarge, tooLarge(what, parts.bytes + chunk.length).rawMessage);
  };
  take(body);
  return {
    onStart: () => {
      if (end) served.run(parts.take());
    },
    onData: take,
    onEnd: () => served.run(parts.take()),
    onReset: (_code, message) => served.cancel(new MantaError("canceled", `${what}: ${message}`)),
    onWritable: () => served.onWritable(),
  };
};
