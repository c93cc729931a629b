import type { z } from "zod";
import { MantaError } from "../base/errors.ts";
import type { Method, Service } from "../protocol/service.ts";
import { checkMessage, pack, packMessage } from "./call-codec.ts";
import type { CallOptions, CallRoute } from "./call-options.ts";
import { rpcLimits } from "./limits.ts";
import { NeverStarted } from "./never-started.ts";
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
export const createClient = <S extends Service>(link: Link, service: S): Client<S> =>
  clientOver({ link: () => link, mayChange: false }, service);

/** A client whose calls ask for their link one by one. */
export const clientOver = <S extends Service>(route: CallRoute, service: S): Client<S> =>
  Object.fromEntries(
    Object.entries(service.methods).map(([name, method]) => [name, makeCall(route, service.name, name, method)]),
  ) as Client<S>;

type Call = (request: unknown, options?: CallOptions) => unknown;

const makeCall = (route: CallRoute, serviceName: string, name: string, method: Method): Call => {
  const what = `${serviceName}.${name}`;
  const head = pack({ service: serviceName, method: name });
  const layRequest = (request: unknown): Buffer =>
    packMessage(what, checkMessage(what, method.request, request, "invalid_argument"));
  const check = (value: unknown): unknown => checkMessage(`${what} answered`, method.response, value, "protocol_error");
  if (method.streams) {
    return (request, options = {}) => ({
      [Symbol.asyncIterator]: () =>
        new ItemIterator({ what, head, body: () => layRequest(request), check, source: route.link, options }),
    });
  }
  return async (request, options = {}) => {
    if (options.signal?.aborted === true) throw new MantaError("canceled", `${what}: the caller canceled`);
    return check(await callOnce(route, what, head, layRequest(request), options));
  };
};

/** Makes the call, again where it never started and another link may come. */
const callOnce = async (
  route: CallRoute,
  what: string,
  head: Buffer,
  body: Buffer,
  options: CallOptions,
): Promise<unknown> => {
  const { timeoutMs = rpcLimits.callTimeoutMs, signal } = options;
  const startMs = performance.now();
  for (;;) {
    const leftMs = timeoutMs === 0 ? 0 : Math.max(1, timeoutMs - (performance.now() - startMs));
    const found = route.link(leftMs, signal);
    const link = found instanceof Promise ? await found : found;
    try {
      return await unaryCall({ link, what, head, body, timeoutMs: leftMs, signal });
    } catch (error) {
      const again = route.mayChange && error instanceof NeverStarted && (link.closed || link.peerDraining);
      if (!again) throw error;
    }
  }
};
