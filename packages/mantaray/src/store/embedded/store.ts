import { mkdir } from "node:fs/promises";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { ControlStore } from "../control-store.ts";
import { LeaseKeeper } from "../lease-keeper.ts";
import { storeLimits } from "../limits.ts";
import { LoggedStore, type MutationLog } from "../logged-store.ts";
import { CommitLog } from "./commit-log.ts";
import { type DirectoryLock, lockDirectory } from "./directory-lock.ts";
import { privateDirectoryMode } from "./files.ts";
import { recover } from "./recover.ts";

/** Options of an embedded store. */
export interface EmbeddedStoreOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How long to wait for a directory in use. Default `storeLimits.lockWaitMs`. */
  readonly lockWaitMs?: number;
  /** Default `storeLimits.logBytesMax`. */
  readonly logBytesMax?: number;
}

/**
 * Opens the store in a directory, which is made when it is not there and locked while open: `unavailable`
 * when another process has it. Damage that could lose acknowledged data is refused with `internal`.
 * The lease of a former process ends with its lock, so a restarted head need not wait for it.
 */
export const openEmbeddedStore = async (options: EmbeddedStoreOptions): Promise<ControlStore> => {
  const { directory, clock, log } = options;
  await mkdir(directory, { recursive: true, mode: privateDirectoryMode });
  const lock = await lockDirectory(directory, clock, options.lockWaitMs);
  try {
    const { state, file, snapshotBytes } = await recover(directory, log);
    const commitLog = new CommitLog({
      directory,
      state,
      file,
      log,
      snapshotBytes,
      logBytesMax: options.logBytesMax ?? storeLimits.logBytesMax,
    });
    return new LoggedStore(withLock(commitLog, lock), new LeaseKeeper(clock, state.epoch));
  } catch (error) {
    await lock.release();
    throw error;
  }
};

/** The lock goes last, once the files are closed. */
const withLock = (log: CommitLog, lock: DirectoryLock): MutationLog => ({
  append: (mutations) => log.append(mutations),
  flush: () => log.flush(),
  tables: () => log.tables(),
  close: async () => {
    await log.close();
    await lock.release();
  },
});
