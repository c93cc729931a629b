import {
  closeSync,
  copyFileSync,
  fstatSync,
  openSync,
  readdirSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
} from "node:fs";
import { join } from "node:path";

/** Open log files of a process to be: hand the descriptors to it, then `settle`. */
export interface LogFiles {
  readonly outFd: number;
  readonly errFd: number;
  readonly errPath: () => string;
  /** Whether standard output has grown since. */
  readonly outGrown: () => boolean;
  /** Closes our descriptors; with a pid, puts it into the names. */
  settle(pid?: number): void;
}

/** Opens `<dir>/<name>.out` and `.err` for appending, so that they can be emptied while in use. */
export const openLogFiles = (dir: string, name: string): LogFiles => {
  let base = join(dir, name);
  const outFd = openOrNull(`${base}.out`);
  const errFd = openOrNull(`${base}.err`);
  const outBytesBefore = fstatSync(outFd).size;
  return {
    outFd,
    errFd,
    errPath: () => `${base}.err`,
    outGrown: () => (statSync(`${base}.out`, { throwIfNoEntry: false })?.size ?? 0) > outBytesBefore,
    settle: (pid) => {
      closeSync(outFd);
      closeSync(errFd);
      if (pid === undefined) return;
      const named = `${base}-${pid}`;
      try {
        renameSync(`${base}.out`, `${named}.out`);
        renameSync(`${base}.err`, `${named}.err`);
        base = named;
      } catch {
        // No room for names either: the files, if there are any, keep theirs.
      }
    },
  };
};

/** A process without a log is better than none. */
const openOrNull = (path: string): number => {
  try {
    return openSync(path, "a", 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOSPC" && code !== "EDQUOT" && code !== "EROFS") throw error;
    return openSync("/dev/null", "a");
  }
};

/** Bounds of a log folder. */
export interface LogBounds {
  readonly fileBytesMax: number;
  readonly filesMax: number;
}

/**
 * Keeps a log folder within its bounds: a file that is too long is copied to `.1` and emptied (the
 * process goes on writing to the same file), and the files longest untouched go when there are too many.
 */
export const boundLogFiles = (dir: string, bounds: LogBounds): void => {
  const files = readdirSync(dir)
    .map((name) => ({ path: join(dir, name), stat: statSync(join(dir, name), { throwIfNoEntry: false }) }))
    .filter((file) => file.stat?.isFile() === true)
    .map(({ path, stat }) => ({ path, bytes: stat?.size ?? 0, touchedMs: stat?.mtimeMs ?? 0 }));
  for (const { path, bytes } of files) {
    if (bytes <= bounds.fileBytesMax || path.endsWith(".1")) continue;
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
  }
  const surplus = files.length - bounds.filesMax;
  if (surplus <= 0) return;
  for (const { path } of files.toSorted((one, other) => one.touchedMs - other.touchedMs).slice(0, surplus)) {
    unlinkSync(path);
  }
};
