import { randomBytes } from "node:crypto";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import { sleep } from "../../base/wait.ts";
import { storeLimits } from "../limits.ts";
import { privateFileMode } from "./files.ts";
import { isRunning, ownIdentity, type ProcessIdentity, processIdentitySchema } from "./process-identity.ts";

/** A held lock on a directory. */
export interface DirectoryLock {
  release(): Promise<void>;
}

/**
 * Locks a directory for this process by the file `lock`, which names its holder. Waits up to `waitMs`
 * while a live process holds it, then fails with `unavailable` and that process's pid. The lock of a
 * process that is gone is taken over.
 *
 * L1 Two processes that find the same dead holder must not both win: the right to follow holder H is
 *    itself a file, `lock.after-H`, which only one can make. If its maker dies too, it is the next H.
 * L2 Files get their names by `link` or `rename` when their content is whole.
 */
export const lockDirectory = async (
  directory: string,
  clock: Clock,
  waitMs: number = storeLimits.lockWaitMs,
): Promise<DirectoryLock> => {
  const deadlineMs = clock.nowMs() + waitMs;
  for (;;) {
    const outcome = await tryLock(directory);
    if (outcome === "held") return { release: () => rm(join(directory, "lock"), { force: true }) };
    if (outcome !== "again") {
      if (clock.nowMs() >= deadlineMs) {
        throw new MantaError("unavailable", `the store in ${directory} is in use by process ${outcome.pid}`, {
          details: { directory, pid: outcome.pid },
        });
      }
      await sleep(clock, storeLimits.lockPollMs);
    }
  }
};

/** Won, lost to a live process, or the files changed under us. */
type Attempt = "held" | "again" | ProcessIdentity;

const tryLock = async (directory: string): Promise<Attempt> => {
  const own = join(directory, `lock.${process.pid}-${randomBytes(4).toString("hex")}.tmp`);
  await writeFile(own, JSON.stringify(ownIdentity()), { mode: privateFileMode });
  try {
    const lockPath = join(directory, "lock");
    if (await linked(own, lockPath)) return "held";
    const holder = await readIdentity(lockPath);
    if (holder === undefined) return "again";
    if (isRunning(holder)) return holder;
    return await takeOver(directory, own, holder);
  } finally {
    await rm(own, { force: true });
  }
};

const takeOver = async (directory: string, own: string, holder: ProcessIdentity): Promise<Attempt> => {
  const chain: string[] = [];
  for (let last = holder; ; ) {
    const path = join(directory, `lock.after-${fileName(last)}`);
    chain.push(path);
    if (await linked(own, path)) break;
    const follower = await readIdentity(path);
    if (follower === undefined) return "again";
    if (isRunning(follower)) return follower;
    last = follower;
  }
  const lockPath = join(directory, "lock");
  const present = await readIdentity(lockPath);
  if (present === undefined || fileName(present) !== fileName(holder)) {
    // Somebody finished a takeover and tidied the chain away before we linked: ours means nothing.
    await rm(chain.at(-1) ?? "", { force: true });
    return "again";
  }
  await rename(own, lockPath);
  for (const path of chain) await rm(path, { force: true });
  return "held";
};

const fileName = ({ pid, startTime }: ProcessIdentity): string => `${pid}-${startTime.replaceAll(/[^0-9a-z]/g, "-")}`;

const linked = async (from: string, to: string): Promise<boolean> => {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
};

const readIdentity = async (path: string): Promise<ProcessIdentity | undefined> => {
  try {
    return processIdentitySchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new MantaError("internal", `${path} is not a lock file: ${String(error)}`, { cause: error });
  }
};
