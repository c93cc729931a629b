import { readFileSync } from "node:fs";
import { type Clock, systemClock } from "../clock.ts";
import { kubeLimits } from "../limits.ts";

/** A token in a file that the kubelet replaces: read again after a minute, and when the server refuses it. */
export class TokenFile {
  readonly #path: string;
  readonly #clock: Clock;
  #token: string | undefined;
  #readAtMs = 0;

  constructor(path: string, clock: Clock = systemClock) {
    this.#path = path;
    this.#clock = clock;
  }

  /** Throws when the file cannot be read and there was no token before. */
  read(): string {
    const nowMs = this.#clock.nowMs();
    if (this.#token !== undefined && nowMs - this.#readAtMs < kubeLimits.tokenRereadMs) return this.#token;
    this.#token = readFileSync(this.#path, "utf8").trim();
    this.#readAtMs = nowMs;
    return this.#token;
  }

  forget(): void {
    this.#token = undefined;
  }
}
