import { readdirSync, readFileSync } from "node:fs";
import { getPriority, setPriority } from "node:os";

/**
 * Gives every thread of a process this niceness: on Linux each has its own. Threads and processes that vanish
 * meanwhile need none. Throws where the kernel forbids it.
 */
export const setNiceness = (pid: number, niceness: number): void => {
  // Twice: a thread that began while we went through them has what its starter had then.
  for (const round of [threadsOf, threadsOf]) for (const thread of round(pid)) give(thread, niceness);
};

const give = (thread: number, niceness: number): void => {
  try {
    setPriority(thread, niceness);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
};

/** The niceness of this process, which what it starts inherits. */
export const ownNiceness = (): number => getPriority(0);

/**
 * Whether the kernel would let us give a process of ours this niceness back after it had a higher one: with
 * CAP_SYS_NICE, or within the limit RLIMIT_NICE. Without either, lowering a priority is for good.
 */
export const mayRestore = (niceness: number): boolean => {
  try {
    const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
    if (((BigInt(`0x${capabilities}`) >> sysNiceBit) & 1n) === 1n) return true;
    const limit = /^Max nice priority\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? "0";
    // The limit counts from 1 (niceness 19) to 40 (niceness -20).
    return limit === "unlimited" || 20 - Number(limit) <= niceness;
  } catch {
    return false;
  }
};

/** CAP_SYS_NICE of linux/capability.h. */
const sysNiceBit = 23n;

const threadsOf = (pid: number): number[] => {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
};

const isGone = (error: unknown): boolean => {
  const { info } = error as { info?: { code?: string } };
  return info?.code === "ESRCH";
};
