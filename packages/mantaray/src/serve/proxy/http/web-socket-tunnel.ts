import type { HttpExchange } from "./exchange.ts";
import type { Output } from "./output.ts";

/**
 * What a tunnel needs to take leave of a WebSocket client: where the server's frames end (RFC 6455, 5.2). Only
 * between two frames one of our own can go out.
 */
export class WebSocketTunnel {
  /** Bytes of the present frame that are still to come, as far as its head is known. */
  #leftBytes = 0;
  /** Head of the present frame as far as it has come. */
  #head: number[] = [];
  #leaving = false;
  /** Our close frame is out: what the server still says is not passed on. */
  told = false;
  readonly #output: Output;

  private constructor(output: Output) {
    this.#output = output;
  }

  /** Undefined where another protocol was asked for. */
  static of(exchange: HttpExchange, output: Output): WebSocketTunnel | undefined {
    return exchange.header("upgrade")?.toLowerCase() === "websocket" ? new WebSocketTunnel(output) : undefined;
  }

  /** Follows what the server sends. */
  sent(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#leftBytes > 0) {
        const part = Math.min(this.#leftBytes, chunk.length - at);
        this.#leftBytes -= part;
        at += part;
      } else {
        this.#head.push(chunk[at] ?? 0);
        at += 1;
        this.#readHead();
      }
    }
    if (this.#leaving) this.leave();
  }

  /** Tells the client, once and as soon as a frame ends: 1012, "service restart". The rest is up to both sides. */
  leave(): void {
    this.#leaving = true;
    if (this.told || this.#leftBytes > 0 || this.#head.length > 0) return;
    this.told = true;
    this.#output.push(Buffer.from(closeFrame));
    this.#output.flushSoon();
  }

  #readHead(): void {
    const head = this.#head;
    if (head.length < 2) return;
    const short = (head[1] ?? 0) & 0x7f;
    let lengthBytes = 0;
    if (short === 126) lengthBytes = 2;
    else if (short === 127) lengthBytes = 8;
    if (head.length < 2 + lengthBytes) return;
    // Servers do not mask. Frames beyond 2^53 bytes do not exist.
    this.#leftBytes = lengthBytes === 0 ? short : head.slice(2).reduce((sum, byte) => sum * 256 + byte, 0);
    this.#head = [];
  }
}

/** Close, two bytes: 1012. */
const closeFrame = [0x88, 2, 1012 >> 8, 1012 & 0xff];
