import { packValue } from "../../actor/index.ts";
import { MantaError } from "../../base/errors.ts";
import { recordFixedBytes, recordKinds } from "../../protocol/handle-frames.ts";
import { replicaLimits } from "./limits.ts";

/** One record of a streamed answer (`protocol/handle-frames.ts`). */
export const encodeRecord = (kind: number, value: unknown): Buffer => {
  const packed = packValue(value);
  const record = Buffer.allocUnsafe(recordFixedBytes + packed.length);
  record[0] = kind;
  record.writeUInt32BE(packed.length, 1);
  record.set(packed, recordFixedBytes);
  return record;
};

/** Cuts the bytes of a streamed answer into records again, wherever the frames had their ends. */
export class RecordReader {
  #pending: Buffer = Buffer.alloc(0);

  /** Calls `take` for each complete record, with a view valid during the call. Throws `protocol_error`. */
  push(chunk: Buffer, take: (kind: number, packed: Buffer) => void): void {
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (bytes.length >= recordFixedBytes) {
      const kind = bytes[0]!;
      const length = bytes.readUInt32BE(1);
      if (kind !== recordKinds.value && kind !== recordKinds.error) {
        throw new MantaError("protocol_error", `a streamed answer has a record of kind ${kind}`);
      }
      if (length > replicaLimits.valueBytesMax) {
        throw new MantaError(
          "payload_too_large",
          `a streamed value has ${length} bytes, at most ${replicaLimits.valueBytesMax} are taken`,
        );
      }
      const end = recordFixedBytes + length;
      if (bytes.length < end) break;
      take(kind, bytes.subarray(recordFixedBytes, end));
      bytes = bytes.subarray(end);
    }
    this.#pending = Buffer.from(bytes);
  }

  /** Bytes of a record that has not ended. */
  get incomplete(): boolean {
    return this.#pending.length > 0;
  }
}
