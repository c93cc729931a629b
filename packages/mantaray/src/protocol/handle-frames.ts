import { z } from "zod";

/**
 * A handle call is a stream of kind `invoke`: the head of its OPEN frame is msgpack of `InvokeHead`, the
 * body is msgpack (structured clone) of the argument list. The answer's head is msgpack of `ResultHead`;
 * its body the value (empty for undefined), or where the head says `stream` a sequence of records:
 *   u8 kind | u32 length | msgpack: of a value (kind 0), or of the wire error that ended the stream (kind 1).
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
  /** The body is a sequence of records. A replica says so for every method that returns an iterator, asked or not. */
  stream: z.boolean().optional(),
});
export type ResultHead = z.infer<typeof resultHeadSchema>;

/** Kinds of a record in the answer of a streamed call. */
export const recordKinds = { value: 0, error: 1 } as const;
/** Bytes before the msgpack of a record. */
export const recordFixedBytes = 5;
