import { z } from "zod";

/** Bytes, whichever class holds them. */
export const bytesSchema = z.custom<Uint8Array>((value) => value instanceof Uint8Array, "must be bytes");
