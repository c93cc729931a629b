import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "@manta/testkit";

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
  /** Removes what the library's processes left in memory files: those that are killed remove nothing. */
  clear(): void;
}

const sharedFolder = "/dev/shm";
const sharedFile = /^(?:sem\.faketime_sem|faketime_shm)_(\d+)$/;

export const makeHeadClock = (folder: string): HeadClock => {
  const startedMs = Date.now();
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
  return { env, isInstalled, jumpTo, clear: () => clearSharedFiles(startedMs) };
};

/** Of processes that have ended, made since then. */
const clearSharedFiles = (sinceMs: number): void => {
  if (!existsSync(sharedFolder)) return;
  for (const name of readdirSync(sharedFolder)) {
    const pid = sharedFile.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const file = join(sharedFolder, name);
    const { mtimeMs } = statSync(file, { throwIfNoEntry: false }) ?? { mtimeMs: 0 };
    if (mtimeMs >= sinceMs) rmSync(file, { force: true });
  }
};
