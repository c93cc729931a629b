import { z } from "zod";

/**
 * A handle call is a stream of kind `invoke`: the head of its OPEN frame is msgpack of `InvokeHead`, the
 * body is msgpack (structured clone) of the argument list. The answer's head is msgpack of `ResultHead`;
 * its body the value, or for `stream: true` one DATA frame a value.
 */
export const invokeHeadSchema = z.object({
  method: z.string(),
  /** The caller expects a stream of values (async generator). */
  stream: z.boolean(),
  requestId: z.string(),
  multiplexedModelId: z.string().optional(),
});
export type InvokeHead = z.infer<typeof invokeHeadSchema>;

export const resultHeadSchema = z.object({
  ok: z.boolean(),
  /** A wire error when not ok. */
  error: z.unknown().optional(),
});
export type ResultHead = z.infer<typeof resultHeadSchema>;
