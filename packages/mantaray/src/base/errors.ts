import { type ErrorCode, errorCodes } from "./error-codes.ts";

/** What a `MantaError` looks like on a link, in a log line or in a REST body. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: Record<string, unknown>;
  /** Name and stack of an application's own error, so that its author finds the line. */
  readonly remote?: { readonly name: string; readonly stack?: string };
}

/** Options of a `MantaError` beyond code and message. */
export interface MantaErrorOptions {
  readonly details?: Record<string, unknown>;
  readonly cause?: unknown;
  readonly remote?: WireError["remote"];
}

/**
 * The one error class. Match on `code`, never on the class: errors cross processes. The message
 * begins with the code, so that it is visible in every log.
 */
export class MantaError extends Error {
  readonly code: ErrorCode;
  readonly details: Record<string, unknown>;
  /** The message without the code in front. */
  readonly rawMessage: string;
  readonly remote: WireError["remote"];

  constructor(code: ErrorCode, message: string, options: MantaErrorOptions = {}) {
    super(`[${code}] ${message}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "MantaError";
    this.code = code;
    this.rawMessage = message;
    this.details = options.details ?? {};
    this.remote = options.remote;
  }

  /** The HTTP status this error has where it reaches a client. */
  get status(): number {
    return errorCodes[this.code].status;
  }

  /** Whether the same call may succeed when repeated. */
  get retryable(): boolean {
    return errorCodes[this.code].retryable;
  }

  /** The only normaliser: anything thrown becomes a `MantaError`, with the original as its cause. */
  static from(thrown: unknown, code: ErrorCode = "internal"): MantaError {
    if (thrown instanceof MantaError) return thrown;
    if (thrown instanceof Error) {
      const isAbort = thrown.name === "AbortError";
      return new MantaError(isAbort ? "canceled" : code, thrown.message, {
        cause: thrown,
        remote: { name: thrown.name, ...(thrown.stack === undefined ? {} : { stack: thrown.stack }) },
      });
    }
    return new MantaError(code, String(thrown), { cause: thrown });
  }

  toWire(): WireError {
    return {
      code: this.code,
      message: this.rawMessage,
      ...(Object.keys(this.details).length === 0 ? {} : { details: this.details }),
      ...(this.remote === undefined ? {} : { remote: this.remote }),
    };
  }

  static fromWire(wire: WireError): MantaError {
    const code = wire.code in errorCodes ? wire.code : "internal";
    return new MantaError(code, wire.message, {
      ...(wire.details === undefined ? {} : { details: wire.details }),
      ...(wire.remote === undefined ? {} : { remote: wire.remote }),
    });
  }
}
