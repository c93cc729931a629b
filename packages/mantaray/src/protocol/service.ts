import { z } from "zod";

/** One call of a control service: what goes in, what comes out, and whether it is a stream of events. */
export interface Method<
  Request extends z.ZodType = z.ZodType,
  Response extends z.ZodType = z.ZodType,
  Streams extends boolean = boolean,
> {
  readonly request: Request;
  readonly response: Response;
  /** True: the answer is a stream of `response` values until either side ends it. */
  readonly streams: Streams;
}

/** A control conversation: a name and its methods. Both ends check every message against it. */
export interface Service<Methods extends Record<string, Method> = Record<string, Method>> {
  readonly name: string;
  readonly methods: Methods;
}

/** A call with one answer. */
export const unary = <Request extends z.ZodType, Response extends z.ZodType>(
  request: Request,
  response: Response,
): Method<Request, Response, false> => ({ request, response, streams: false });

/** A call answered by a stream of events. */
export const streaming = <Request extends z.ZodType, Response extends z.ZodType>(
  request: Request,
  response: Response,
): Method<Request, Response, true> => ({ request, response, streams: true });

export const defineService = <Methods extends Record<string, Method>>(
  name: string,
  methods: Methods,
): Service<Methods> => ({ name, methods });

/** For calls that need or answer nothing. */
export const nothing = z.object({});
