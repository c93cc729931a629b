import type { z } from "zod";
import { MantaError } from "../base/errors.ts";
import type { Method, Service } from "../protocol/service.ts";
import { checkMessage, pack, packMessage } from "./call-codec.ts";
import type { CallOptions, LinkSource } from "./call-options.ts";
import { rpcLimits } from "./limits.ts";
import { ItemIterator } from "./streaming-call.ts";
import type { Link } from "./types.ts";
import { unaryCall } from "./unary-call.ts";

/** What a service looks like to its callers. A streaming call begins when it is iterated. */
export type Client<S extends Service> = {
  readonly [Name in keyof S["methods"]]: S["methods"][Name] extends Method<infer Request, infer Response, infer Streams>
    ? (
        request: z.input<Request>,
        options?: CallOptions,
      ) => Streams extends true ? AsyncIterable<z.output<Response>> : Promise<z.output<Response>>
    : never;
};

/** Calls `service` on a link. Calls reject with a `MantaError`: the implementation's own, or what happened to the call. */
export const createClient = <S extends Service>(link: Link, service: S): Client<S> => clientOver(() => link, service);

/** A client whose calls ask for their link one by one. */
export const clientOver = <S extends Service>(source: LinkSource, service: S): Client<S> =>
  Object.fromEntries(
    Object.entries(service.methods).map(([name, method]) => [name, makeCall(source, service.name, name, method)]),
  ) as Client<S>;

type Call = (request: unknown, options?: CallOptions) => unknown;

const makeCall = (source: LinkSource, serviceName: string, name: string, method: Method): Call => {
  const what = `${serviceName}.${name}`;
  const head = pack({ service: serviceName, method: name });
  const layRequest = (request: unknown): Buffer =>
    packMessage(what, checkMessage(what, method.request, request, "invalid_argument"));
  const check = (value: unknown): unknown => checkMessage(`${what} answered`, method.response, value, "protocol_error");
  if (method.streams) {
    return (request, options = {}) => ({
      [Symbol.asyncIterator]: () =>
        new ItemIterator({ what, head, body: () => layRequest(request), check, source, options }),
    });
  }
  return async (request, options = {}) => {
    const timeoutMs = options.timeoutMs ?? rpcLimits.callTimeoutMs;
    const { signal } = options;
    if (signal?.aborted === true) throw new MantaError("canceled", `${what}: the caller canceled`);
    const body = layRequest(request);
    const startMs = performance.now();
    const found = source(timeoutMs, signal);
    const link = found instanceof Promise ? await found : found;
    const leftMs = timeoutMs === 0 ? 0 : Math.max(1, timeoutMs - (performance.now() - startMs));
    return check(await unaryCall({ link, what, head, body, timeoutMs: leftMs, signal }));
  };
};
