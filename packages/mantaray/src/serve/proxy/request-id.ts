import { randomBytes } from "node:crypto";
import { proxyLimits } from "./limits.ts";

/** Makes ids of the shape of a random UUID, of which the last 12 digits count: a tenth of the cost of a new one. */
export class RequestIds {
  readonly #prefix: string;
  #count: number;

  constructor() {
    const hex = randomBytes(16).toString("hex");
    this.#prefix = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-`;
    this.#count = Number.parseInt(hex.slice(20, 31), 16);
  }

  /** The client's own id when it is sane, else a new one: it is copied into heads and log lines. */
  of(given: string | undefined): string {
    return given !== undefined && isSane(given) ? given : this.next();
  }

  next(): string {
    this.#count += 1;
    return this.#prefix + this.#count.toString(16).padStart(12, "0");
  }
}

/** Visible ASCII without the quotes, and short. */
const isSane = (id: string): boolean => {
  if (id.length === 0 || id.length > proxyLimits.requestIdCharsMax) return false;
  for (let at = 0; at < id.length; at += 1) {
    const code = id.charCodeAt(at);
    if (code < 0x21 || code > 0x7e || code === 0x22) return false;
  }
  return true;
};
