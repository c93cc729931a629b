import { once } from "node:events";
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from "node:zlib";
import { spdyDictionary } from "./spdy-dictionary.ts";

const options = { dictionary: spdyDictionary, flush: constants.Z_SYNC_FLUSH };

/** Headers of SPDY/3.1 as text; one compression for all blocks of a direction, so blocks go through it in order. */
export class SpdyHeaders {
  readonly #inflate: Inflate = createInflate(options);
  readonly #deflate: Deflate = createDeflate(options);

  /** Rejects on bytes that are no headers. */
  async decode(block: Buffer): Promise<Map<string, string>> {
    const bytes = await through(this.#inflate, block);
    const headers = new Map<string, string>();
    let at = 4;
    const text = (): string => {
      const length = bytes.readUInt32BE(at);
      at += 4 + length;
      return bytes.toString("utf8", at - length, at);
    };
    for (let left = bytes.readUInt32BE(0); left > 0; left -= 1) {
      const name = text();
      headers.set(name, text());
    }
    return headers;
  }

  /** Of a reply that says nothing. */
  encodeEmpty(): Promise<Buffer> {
    return through(this.#deflate, Buffer.alloc(4));
  }

  close(): void {
    this.#inflate.close();
    this.#deflate.close();
  }
}

const through = async (stream: Inflate | Deflate, bytes: Buffer): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  const onData = (chunk: Buffer): void => {
    chunks.push(chunk);
  };
  const failed = new AbortController();
  stream.on("data", onData);
  try {
    const written = new Promise<void>((resolve, reject) => {
      stream.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
    await Promise.race([
      written,
      once(stream, "error", { signal: failed.signal }).then(([error]) => Promise.reject(error as Error)),
    ]);
    // What the last write gave is told in the same turn.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  } finally {
    failed.abort();
    stream.off("data", onData);
  }
  return Buffer.concat(chunks);
};
