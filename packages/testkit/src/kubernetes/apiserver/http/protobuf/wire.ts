import { ApiError } from "../../../api/api-error.ts";

/** One field of a message as it is on the wire: a number, or bytes. */
export interface WireField {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

const truncated = (): ApiError => new ApiError("BadRequest", "the request's protobuf body ends within a field");

/** The fields of a message in their order. https://protobuf.dev/programming-guides/encoding/ Throws `ApiError` (BadRequest). */
export const readFields = (bytes: Uint8Array): WireField[] => {
  const fields: WireField[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 64n; shift += 7n) {
      const byte = bytes[at];
      if (byte === undefined) throw truncated();
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw new ApiError("BadRequest", "the request's protobuf body has a number of more than 64 bits");
  };
  const take = (length: number): Uint8Array => {
    if (length < 0 || at + length > bytes.length) throw truncated();
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const number = tag >>> 3;
    const type = tag & 7;
    if (type === 0) fields.push({ number, value: varint() });
    else if (type === 1) fields.push({ number, value: take(8) });
    else if (type === 2) fields.push({ number, value: take(Number(varint())) });
    else if (type === 5) fields.push({ number, value: take(4) });
    else throw new ApiError("BadRequest", `the request's protobuf body has a field of unknown wire type ${type}`);
  }
  return fields;
};
