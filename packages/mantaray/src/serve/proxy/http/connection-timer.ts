import type { HttpFrontLimits } from "./limits.ts";
import type { Refusal } from "./request-head.ts";
import type { RequestReader } from "./request-reader.ts";

/** What a sweep found: nothing, a client to be told, an idle connection to be closed, one to be cut. */
export type Overdue = Refusal | "no" | "close" | "cut";

/** The time side of one connection, on the front's coarse clock. */
export class ConnectionTimer {
  /** Since when it idles, or a head is under way, or it lingers with everything sent. */
  sinceMs: number;
  lastReadMs: number;
  readonly #limits: HttpFrontLimits;

  constructor(limits: HttpFrontLimits, nowMs: number) {
    this.#limits = limits;
    this.sinceMs = nowMs;
    this.lastReadMs = nowMs;
  }

  /** An open connection that may read, or not because of us (`canRead` false); `idleMs`: how long it may idle. */
  checkRequest(reader: RequestReader, canRead: boolean, idleMs: number, nowMs: number): Overdue {
    const limits = this.#limits;
    if (!canRead) {
      this.lastReadMs = nowMs;
      return "no";
    }
    if (reader.state === "fixed" || reader.state === "chunked") {
      const idle = nowMs - this.lastReadMs > limits.bodyIdleTimeoutMs;
      const slow = reader.body.tooSlow(limits.sweepPeriodMs);
      return idle || slow ? { status: 408, reason: "the request body took too long" } : "no";
    }
    if (reader.state !== "head") return "no";
    const waitedMs = nowMs - this.sinceMs;
    if (reader.idle) return waitedMs > idleMs ? "close" : "no";
    return waitedMs > limits.headTimeoutMs ? { status: 408, reason: "the request head took too long" } : "no";
  }

  /** A connection that lingers. */
  checkLinger(everythingSent: boolean, nowMs: number): Overdue {
    if (!everythingSent) this.sinceMs = nowMs;
    return nowMs - this.sinceMs > this.#limits.lingerTimeoutMs ? "cut" : "no";
  }
}
