import { Duplex } from "node:stream";
import { kubeletLimits } from "../limits.ts";
import { SpdyHeaders } from "./spdy-headers.ts";

const type = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7 } as const;
const flagFin = 1;

/** One stream that the other end opened. Ends and fails with it. */
export interface SpdyStream {
  readonly headers: ReadonlyMap<string, string>;
  readonly duplex: Duplex;
}

/**
 * The server's end of SPDY/3.1, as far as Kubernetes' clients use it: streams opened by the client, data, half-close,
 * reset and ping. No flow control, as in those clients. https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/
 */
export class SpdyConnection {
  readonly #socket: Duplex;
  readonly #onStream: (stream: SpdyStream) => void;
  readonly #headers = new SpdyHeaders();
  readonly #streams = new Map<number, Duplex>();
  /** Resolves when the connection is over. */
  readonly done: Promise<void>;

  constructor(socket: Duplex, onStream: (stream: SpdyStream) => void) {
    this.#socket = socket;
    this.#onStream = onStream;
    this.done = this.#run();
  }

  async #run(): Promise<void> {
    let buffered: Buffer = Buffer.alloc(0);
    try {
      for await (const chunk of this.#socket) {
        buffered = Buffer.concat([buffered, chunk as Buffer]);
        for (;;) {
          const frame = takeFrame(buffered);
          if (frame === undefined) break;
          buffered = buffered.subarray(frame.length);
          await this.#onFrame(frame);
        }
      }
    } catch {
      // A client that goes away without a word, or speaks something else: its streams end below.
    } finally {
      for (const stream of this.#streams.values()) stream.destroy();
      this.#headers.close();
      this.#socket.destroy();
    }
  }

  async #onFrame(frame: Buffer): Promise<void> {
    const isControl = (frame[0] ?? 0) >= 0x80;
    const flags = frame[4] ?? 0;
    const payload = frame.subarray(8);
    if (!isControl) {
      const stream = this.#streams.get(frame.readUInt32BE(0));
      if (stream === undefined) return;
      if (payload.length > 0 && !stream.push(payload)) await drained(stream);
      if ((flags & flagFin) !== 0) stream.push(null);
      return;
    }
    switch (frame.readUInt16BE(2)) {
      case type.synStream:
        await this.#open(payload, flags);
        break;
      case type.rstStream:
        this.#streams.get(payload.readUInt32BE(0))?.destroy();
        break;
      case type.ping:
        this.#socket.write(frame);
        break;
      case type.goAway:
        this.#socket.end();
        break;
      default:
    }
  }

  async #open(payload: Buffer, flags: number): Promise<void> {
    const id = payload.readUInt32BE(0);
    const headers = await this.#headers.decode(payload.subarray(10));
    if (this.#streams.size >= kubeletLimits.forwardStreamsMax) {
      const refused = Buffer.alloc(8);
      refused.writeUInt32BE(id);
      refused.writeUInt32BE(3, 4);
      this.#socket.write(control(type.rstStream, 0, refused));
      return;
    }
    const duplex = this.#duplex(id);
    this.#streams.set(id, duplex);
    const idBytes = Buffer.alloc(4);
    idBytes.writeUInt32BE(id);
    this.#socket.write(control(type.synReply, 0, Buffer.concat([idBytes, await this.#headers.encodeEmpty()])));
    if ((flags & flagFin) !== 0) duplex.push(null);
    this.#onStream({ headers, duplex });
  }

  #duplex(id: number): Duplex {
    const socket = this.#socket;
    const send = (bytes: Buffer, flags: number, done: (error?: Error | null) => void): void => {
      const head = Buffer.alloc(8);
      head.writeUInt32BE(id);
      head.writeUIntBE(bytes.length, 5, 3);
      head[4] = flags;
      socket.write(head);
      socket.write(bytes, done);
    };
    const duplex = new Duplex({
      allowHalfOpen: true,
      read: () => duplex.emit("wanted"),
      write: (chunk: Buffer, _encoding, done) => send(chunk, 0, done),
      final: (done) => send(Buffer.alloc(0), flagFin, done),
    });
    duplex.on("error", () => undefined);
    duplex.once("close", () => this.#streams.delete(id));
    return duplex;
  }
}

/** A reader that is slow holds the whole connection: there is no flow control by stream. */
const drained = (stream: Duplex): Promise<void> =>
  new Promise((resolve) => {
    const finish = (): void => {
      stream.off("wanted", finish);
      stream.off("close", finish);
      resolve();
    };
    stream.on("wanted", finish);
    stream.on("close", finish);
  });

/** Undefined: not all of it is there. Throws for one that is too long. */
const takeFrame = (buffered: Buffer): Buffer | undefined => {
  if (buffered.length < 8) return undefined;
  const length = buffered.readUIntBE(5, 3);
  if (length > kubeletLimits.forwardFrameBytesMax) throw new RangeError(`SPDY frame of ${length} bytes`);
  return buffered.length < 8 + length ? undefined : buffered.subarray(0, 8 + length);
};

const control = (kind: number, flags: number, payload: Buffer): Buffer => {
  const head = Buffer.from([0x80, 3, 0, kind, flags, 0, 0, 0]);
  head.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([head, payload]);
};
