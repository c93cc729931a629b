import { httpHeadVersion, requestHeadFixedBytes } from "../../protocol/http-frames.ts";

/** Offset of the flags in an encoded head: a retry sets one there. */
export const requestFlagsOffset = 1;

/** Length of the head of an OPEN frame (`protocol/http-frames.ts`). */
export const requestHeadBytes = (
  routePrefix: Uint8Array,
  requestId: string,
  clientAddress: string,
  rawHead: Uint8Array,
): number => requestHeadFixedBytes + routePrefix.length + requestId.length + clientAddress.length + rawHead.length;

/** Writes the head at the beginning of `target`. Request id and address are ASCII. */
export const writeRequestHead = (
  target: Buffer,
  flags: number,
  routePrefix: Uint8Array,
  requestId: string,
  clientAddress: string,
  rawHead: Uint8Array,
): void => {
  target[0] = httpHeadVersion;
  target[1] = flags;
  writeU16(target, 2, routePrefix.length);
  writeU16(target, 4, requestId.length);
  writeU16(target, 6, clientAddress.length);
  let at = requestHeadFixedBytes;
  target.set(routePrefix, at);
  at += routePrefix.length;
  at += target.write(requestId + clientAddress, at, "latin1");
  target.set(rawHead, at);
};

const writeU16 = (target: Buffer, at: number, value: number): void => {
  target[at] = value >>> 8;
  target[at + 1] = value;
};
