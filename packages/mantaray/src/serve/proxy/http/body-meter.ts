import type { HttpFrontLimits } from "./limits.ts";
import type { Refusal } from "./request-head.ts";

/** Counts one request body against the limits. */
export class BodyMeter {
  /** Bytes of a declared length still to come. */
  leftBytes = 0;
  #dataBytes = 0;
  #overheadBytes = 0;
  #overheadRunBytes = 0;
  #readMs = 0;
  readonly #limits: HttpFrontLimits;

  constructor(limits: HttpFrontLimits) {
    this.#limits = limits;
  }

  start(leftBytes: number): void {
    this.leftBytes = leftBytes;
    this.#dataBytes = 0;
    this.#overheadBytes = 0;
    this.#overheadRunBytes = 0;
    this.#readMs = 0;
  }

  /** Body bytes came. */
  countData(bytes: number): void {
    this.#dataBytes += bytes;
  }

  get dataBytes(): number {
    return this.#dataBytes;
  }

  /** A piece of a chunked body was parsed: `fedBytes` in all, of which `dataBytes` were body and are counted already. */
  checkChunks(fedBytes: number, dataBytes: number): Refusal | undefined {
    const limits = this.#limits;
    const overheadBytes = fedBytes - dataBytes;
    this.#overheadBytes += overheadBytes;
    this.#overheadRunBytes = dataBytes === 0 ? this.#overheadRunBytes + overheadBytes : 0;
    if (this.#dataBytes > limits.bodyBytesMax) return { status: 413, reason: "request body too large" };
    const allowedBytes = limits.chunkOverheadBytesMax + limits.chunkOverheadRatioMax * this.#dataBytes;
    if (this.#overheadRunBytes > limits.chunkOverheadBytesMax || this.#overheadBytes > allowedBytes) {
      return { status: 400, reason: "chunk framing out of proportion to its data" };
    }
    return undefined;
  }

  /** Called by each sweep that finds the body being read. True once it comes slower than allowed. */
  tooSlow(sweepMs: number): boolean {
    this.#readMs += sweepMs;
    const { bodyIdleTimeoutMs, bodyBytesPerSecondMin } = this.#limits;
    return this.#readMs > bodyIdleTimeoutMs && (this.#dataBytes * 1000) / this.#readMs < bodyBytesPerSecondMin;
  }
}
