import type { Clock, Timer } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { nodeLimits } from "../limits.ts";
import { boundLogFiles } from "./log-files.ts";

/** Keeps the node's log folder within its bounds, now and then. */
export class LogKeeper {
  readonly #dir: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #timer: Timer | undefined;

  constructor(dir: string, clock: Clock, log: Log) {
    this.#dir = dir;
    this.#clock = clock;
    this.#log = log;
  }

  start(): void {
    this.#timer = this.#clock.after(nodeLimits.logSweepPeriodMs, () => {
      this.#sweep();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #sweep(): void {
    try {
      boundLogFiles(this.#dir, { fileBytesMax: nodeLimits.logFileBytesMax, filesMax: nodeLimits.logFilesMax });
    } catch (error) {
      this.#log.warn({ err: error, dir: this.#dir }, "cannot keep the logs within their bounds");
    }
  }
}
