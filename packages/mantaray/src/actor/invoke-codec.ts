import { Packr } from "msgpackr";
import { MantaError } from "../base/errors.ts";

/**
 * Values of a handle call on the wire: msgpack with structured clone on, so that Map, Set, Date, RegExp,
 * Error, bigint, typed arrays and references arrive as what they were.
 */
const packr = new Packr({ structuredClone: true, useRecords: true, copyBuffers: true });

/** Bytes of a value; `invalid_argument` for what cannot travel, such as a symbol. A function arrives as undefined. */
export const packValue = (value: unknown): Buffer => {
  try {
    // The packer reuses its buffer.
    return Buffer.from(packr.pack(value));
  } catch (error) {
    throw new MantaError("invalid_argument", `a value cannot be sent: ${(error as Error).message}`, { cause: error });
  }
};

/** The value of bytes from `packValue`; `protocol_error` for anything else. */
export const unpackValue = (bytes: Uint8Array): unknown => {
  try {
    return packr.unpack(bytes);
  } catch (error) {
    throw new MantaError("protocol_error", "a value on the wire could not be read", { cause: error });
  }
};
