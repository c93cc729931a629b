import { limits } from "../base/limits.ts";
import { rpcLimits } from "./limits.ts";

/**
 * Frames of a link, hand-laid, big-endian:
 *
 *   u32 payload length | u8 type | u16 generation | u16 slot | payload
 *
 * Slot and generation name a stream of whoever opened it; `fromAcceptor` in the type says that the frame is
 * about a stream which the receiver opened. A slot is used again with the next generation, so that late
 * frames of an ended stream are told from those of its successor.
 *
 *   OPEN      u8 kind | u8 flags | u32 deadlineMs | u32 headLength | head | body
 *   ACCEPT    u32 count       the first `count` OPENs of this link are decided (refused ones heard REJECT before);
 *                             seldom sent where the link has a ledger (accept-ledger.ts)
 *   REJECT    u16 load
 *   RESPONSE  u8 flags | u16 load | u32 headLength | head | body
 *   DATA      bytes
 *   END       nothing
 *   RESET     u8 code | message, UTF-8
 *   WINDOW    u32 bytes       credit returned
 *   GOAWAY    u32 count       open no more; the first `count` OPENs are decided, later ones never started
 *   PING      nothing         are you there?
 *   PONG      nothing         the event loop is
 */
export const frameTypes = {
  open: 1,
  accept: 2,
  reject: 3,
  response: 4,
  data: 5,
  end: 6,
  reset: 7,
  window: 8,
  goaway: 9,
  ping: 10,
  pong: 11,
} as const;

/** Bit of a type byte: the sender is the acceptor of the stream. */
export const fromAcceptor = 0x80;
export const frameHeaderBytes = 9;
export const openFixedBytes = 10;
export const responseFixedBytes = 7;

/** Flags of a RESPONSE frame. */
export const responseEnd = 1;

/** The bytes on a link are not frames as this version lays them: the link ends with `protocol_error`. */
export class FrameViolation extends Error {
  override readonly name = "FrameViolation";
}

const payloadBytesMin = new Int32Array(256);
const payloadBytesMax = new Int32Array(256).fill(-1);

const define = (type: number, minBytes: number, maxBytes: number): void => {
  payloadBytesMin[type] = minBytes;
  payloadBytesMax[type] = maxBytes;
};

define(frameTypes.open, openFixedBytes, rpcLimits.frameBytesMax);
define(frameTypes.accept, 4, 4);
define(frameTypes.reject | fromAcceptor, 2, 2);
define(frameTypes.response | fromAcceptor, responseFixedBytes, rpcLimits.frameBytesMax);
define(frameTypes.goaway, 4, 4);
define(frameTypes.ping, 0, 0);
define(frameTypes.pong, 0, 0);
for (const side of [0, fromAcceptor]) {
  define(frameTypes.data | side, 0, limits.dataFrameBytesMax);
  define(frameTypes.end | side, 0, 0);
  define(frameTypes.reset | side, 1, 1 + rpcLimits.resetMessageBytesMax);
  define(frameTypes.window | side, 4, 4);
}

/** Throws `FrameViolation` unless the type exists and its payload may be that long. */
export const checkFrame = (type: number, payloadBytes: number): void => {
  const max = payloadBytesMax[type] as number;
  if (payloadBytes <= max && payloadBytes >= (payloadBytesMin[type] as number)) return;
  if (max < 0) throw new FrameViolation(`unknown frame type ${type}`);
  throw new FrameViolation(
    `a frame of type ${type} has ${payloadBytes} bytes, allowed are ${payloadBytesMin[type]} to ${max}`,
  );
};

/** Reads an unsigned 32-bit number; the caller knows that the bytes are there. */
export const readU32 = (buffer: Uint8Array, at: number): number =>
  (buffer[at] as number) * 0x1000000 +
  (((buffer[at + 1] as number) << 16) | ((buffer[at + 2] as number) << 8) | (buffer[at + 3] as number));

/** Reads an unsigned 16-bit number; the caller knows that the bytes are there. */
export const readU16 = (buffer: Uint8Array, at: number): number =>
  ((buffer[at] as number) << 8) | (buffer[at + 1] as number);

/** Writes the low 32 bits of a number; returns the offset behind them. */
export const writeU32 = (buffer: Uint8Array, at: number, value: number): number => {
  buffer[at] = value >>> 24;
  buffer[at + 1] = value >>> 16;
  buffer[at + 2] = value >>> 8;
  buffer[at + 3] = value;
  return at + 4;
};
