import { MantaError } from "../base/errors.ts";
import { readU16 } from "./frames.ts";
import { rpcLimits } from "./limits.ts";
import type { Wire } from "./wire/wire.ts";

/** Version of handshake and frames. Both ends must have the same. */
export const linkVersion = 2;

/** Messages of the handshake: "mnta" | u8 version | u8 type | u16 length | payload. The same in every version. */
export const handshakeTypes = { hello: 1, challenge: 2, proof: 3, welcome: 4, refusal: 5 } as const;

export interface HandshakeMessage {
  readonly type: number;
  readonly payload: Buffer;
}

export const layMessage = (type: number, payload: Uint8Array): Buffer => {
  const message = Buffer.alloc(headerBytes + payload.length);
  message.write(magic, 0, "latin1");
  message[4] = linkVersion;
  message[5] = type;
  message.writeUInt16BE(payload.length, 6);
  message.set(payload, headerBytes);
  return message;
};

/** Takes the messages of a handshake from a wire, one after the other. */
export class HandshakeReader {
  #bytes: Buffer = Buffer.alloc(0);
  #failure: MantaError | undefined;
  #wake: (() => void) | undefined;

  constructor(wire: Wire) {
    wire.onChunk = (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake?.();
    };
    const fail = (error: MantaError): void => {
      this.#failure ??= error;
      this.#wake?.();
    };
    // Stays: an error of a wire that was given up must not be an unhandled one.
    wire.duplex.on("error", (error: Error) => fail(new MantaError("link_lost", error.message, { cause: error })));
    wire.duplex.once("end", () => fail(new MantaError("link_lost", "the peer closed the connection")));
    wire.duplex.once("close", () => fail(new MantaError("link_lost", "the connection closed")));
  }

  /** Rejects with `protocol_error` on anything that is not a handshake, `link_lost` when the wire ends. */
  async next(): Promise<HandshakeMessage> {
    for (;;) {
      const message = this.#parse();
      if (message !== undefined) return message;
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** What came behind the last message: frames of the link. */
  takeRest(): Buffer {
    const rest = this.#bytes;
    this.#bytes = Buffer.alloc(0);
    return rest;
  }

  #parse(): HandshakeMessage | undefined {
    const bytes = this.#bytes;
    const given = bytes.toString("latin1", 0, Math.min(bytes.length, magic.length));
    if (!magic.startsWith(given)) throw new MantaError("protocol_error", "the peer does not speak the link protocol");
    if (bytes.length < headerBytes) return undefined;
    const version = bytes[4] as number;
    if (version !== linkVersion) {
      throw new MantaError(
        "protocol_error",
        `the peer speaks link version ${version}, this process version ${linkVersion}`,
      );
    }
    const end = headerBytes + readU16(bytes, 6);
    if (end > rpcLimits.handshakeBytesMax) {
      throw new MantaError(
        "protocol_error",
        `a handshake message has ${end} bytes, the limit is ${rpcLimits.handshakeBytesMax}`,
      );
    }
    if (bytes.length < end) return undefined;
    this.#bytes = bytes.subarray(end);
    return { type: bytes[5] as number, payload: bytes.subarray(headerBytes, end) };
  }
}

const magic = "mnta";
const headerBytes = 8;
