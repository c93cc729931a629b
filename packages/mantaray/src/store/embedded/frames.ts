import { crc32 } from "node:zlib";
import { Packr } from "msgpackr";
import { MantaError } from "../../base/errors.ts";
import { storeLimits } from "../limits.ts";
import type { Mutation } from "../mutation.ts";

/**
 * One frame = one batch of mutations, whole or not at all (S3):
 *   u32 magic | u32 payload length | u32 CRC-32 of length and payload | payload: msgpack list of mutations
 * Little-endian. A file begins with `fileHeader`.
 */
export const fileHeader = Buffer.from("MANTAST1", "latin1");

const magic = 0x464e4d7e;
const frameHeadBytes = 12;
// More types: bytes inside records come back as the Uint8Array they were, and as copies that do not hold the file.
const packr = new Packr({ useRecords: false, moreTypes: true });

/** The bytes of a frame, in parts that need not be joined to be written. */
export const encodeFrame = (mutations: readonly Mutation[]): [head: Buffer, payload: Buffer] => {
  const payload = packr.pack(mutations);
  if (payload.length > storeLimits.frameBytesMax) {
    throw new MantaError(
      "payload_too_large",
      `a batch of ${payload.length} bytes is over the store's limit of ${storeLimits.frameBytesMax} a frame`,
    );
  }
  const head = Buffer.allocUnsafe(frameHeadBytes);
  head.writeUInt32LE(magic, 0);
  head.writeUInt32LE(payload.length, 4);
  head.writeUInt32LE(crc32(payload, crc32(head.subarray(4, 8))), 8);
  return [head, payload];
};

/** What a file holds: its batches, and how far it is good. */
export interface DecodedFile {
  readonly mutations: readonly Mutation[];
  /** Bytes up to the end of the last good frame. */
  readonly goodBytes: number;
  /** Something follows the last good frame. */
  readonly torn: boolean;
}

/**
 * Decodes a file. What follows the last good frame counts as a torn tail only when no good frame comes
 * after it: a batch is acknowledged before the next is written, so damage with a good frame behind it
 * is lost data, and that throws `internal`.
 */
export const decodeFile = (path: string, bytes: Buffer): DecodedFile => {
  if (!bytes.subarray(0, fileHeader.length).equals(fileHeader)) {
    if (bytes.length <= fileHeader.length) return { mutations: [], goodBytes: 0, torn: true };
    throw corrupt(path, 0, "the file does not begin as a store file");
  }
  const mutations: Mutation[] = [];
  let offset = fileHeader.length;
  for (;;) {
    const payload = framePayload(bytes, offset);
    if (payload === undefined) break;
    for (const mutation of packr.unpack(payload) as Mutation[]) mutations.push(mutation);
    offset += frameHeadBytes + payload.length;
  }
  const torn = offset < bytes.length;
  if (torn) {
    const next = nextGoodFrame(bytes, offset + 1);
    if (next !== undefined) throw corrupt(path, offset, `good data follows at ${next}`);
  }
  return { mutations, goodBytes: offset, torn };
};

/** The payload of the frame at `offset`, or undefined when there is no good one. */
const framePayload = (bytes: Buffer, offset: number): Buffer | undefined => {
  if (offset + frameHeadBytes > bytes.length || bytes.readUInt32LE(offset) !== magic) return undefined;
  const length = bytes.readUInt32LE(offset + 4);
  const end = offset + frameHeadBytes + length;
  if (length > storeLimits.frameBytesMax || end > bytes.length) return undefined;
  const payload = bytes.subarray(offset + frameHeadBytes, end);
  const checksum = crc32(payload, crc32(bytes.subarray(offset + 4, offset + 8)));
  return checksum === bytes.readUInt32LE(offset + 8) ? payload : undefined;
};

const magicBytes = Buffer.alloc(4);
magicBytes.writeUInt32LE(magic);

const nextGoodFrame = (bytes: Buffer, from: number): number | undefined => {
  for (let offset = bytes.indexOf(magicBytes, from); offset !== -1; offset = bytes.indexOf(magicBytes, offset + 1)) {
    if (framePayload(bytes, offset) !== undefined) return offset;
  }
  return undefined;
};

const corrupt = (path: string, offset: number, why: string): MantaError =>
  new MantaError(
    "internal",
    `${path} is damaged at byte ${offset}: ${why}. Nothing was changed; restore the directory from a copy, or move it away to start empty`,
    { details: { path, offset } },
  );
