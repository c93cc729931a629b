import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Debian's package libfaketime. */
const library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
/** The library looks into its file this often. */
const cacheSeconds = 1;

/** The wall clock of the heads' processes; monotonic time is the machine's. */
export interface HeadClock {
  /** For the heads' environment; empty where the library is not installed. */
  readonly env: Readonly<Record<string, string>>;
  readonly isInstalled: boolean;
  /** From now on it is ahead of the machine's by so many seconds. */
  jumpTo(seconds: number): void;
}

export const makeHeadClock = (folder: string): HeadClock => {
  const file = join(folder, "clock");
  const isInstalled = existsSync(library);
  const jumpTo = (seconds: number): void => writeFileSync(file, `${seconds < 0 ? "" : "+"}${seconds}\n`);
  jumpTo(0);
  const env: Record<string, string> = isInstalled
    ? {
        LD_PRELOAD: library,
        FAKETIME_TIMESTAMP_FILE: file,
        FAKETIME_CACHE_DURATION: String(cacheSeconds),
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
      }
    : {};
  return { env, isInstalled, jumpTo };
};
