import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { readU32, writeU32 } from "./frames.ts";

/**
 * How many OPENs either end of a link between two processes of one machine has decided, in memory that both
 * hold: a file of a memory file system that never had a name. An ACCEPT frame would wake the opener for every
 * request, to tell it what it needs to know only when the link is lost. What a process wrote here outlives it.
 * Linux only; everywhere else, and wherever something refuses, the link sends ACCEPT frames.
 *
 * L1 Once `seal` has returned, the peer starts nothing beyond the count that it returned: the peer writes its
 *    count and then looks for the seal, we seal and then look at the count.
 */
export class AcceptLedger {
  readonly #file: number;
  readonly #ours: number;
  readonly #theirs: number;
  readonly #bytes = Buffer.alloc(fieldBytes);
  #closed = false;

  private constructor(file: number, ours: number, theirs: number) {
    this.#file = file;
    this.#ours = ours;
    this.#theirs = theirs;
  }

  /** The dialer's. `mark` goes into the file, so that the listener knows it for the one that is meant. */
  static create(mark: Uint8Array): AcceptLedger | undefined {
    let file = -1;
    try {
      file = openSync(memoryDirectory, unnamedFile | constants.O_RDWR, 0o600);
      // All of it now: that there is no room must not be found out later.
      writeSync(file, Buffer.concat([Buffer.alloc(markAt), mark]), 0, markAt + mark.length, 0);
      return new AcceptLedger(file, 0, endBytes);
    } catch {
      if (file !== -1) closeSync(file);
      return undefined;
    }
  }

  /** The listener's, by what the dialer's `handle` says. */
  static open(handle: LedgerHandle, mark: Uint8Array): AcceptLedger | undefined {
    let file = -1;
    try {
      file = openSync(`/proc/${handle.pid}/fd/${handle.file}`, "r+");
      const found = Buffer.alloc(mark.length);
      readSync(file, found, 0, mark.length, markAt);
      if (!found.equals(mark)) throw new Error("a file of somebody else: the pid is of another namespace");
      return new AcceptLedger(file, endBytes, 0);
    } catch {
      if (file !== -1) closeSync(file);
      return undefined;
    }
  }

  get handle(): LedgerHandle {
    return { pid: process.pid, file: this.#file };
  }

  /** We decided over the first `count` OPENs. False: the peer has given the link up, nothing of them may start. */
  record(count: number): boolean {
    if (this.#closed) return false;
    this.#write(this.#ours, count);
    return this.#read(this.#ours + fieldBytes) === 0;
  }

  /** How many of our OPENs the peer has decided, as 32 bits. Not after `close`. */
  count(): number {
    return this.#read(this.#theirs);
  }

  /** Gives the link up and returns the last count, as 32 bits. Not after `close`. */
  seal(): number {
    this.#write(this.#theirs + fieldBytes, 1);
    return this.#read(this.#theirs);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#file);
  }

  #write(at: number, value: number): void {
    writeU32(this.#bytes, 0, value);
    writeSync(this.#file, this.#bytes, 0, fieldBytes, at);
  }

  #read(at: number): number {
    readSync(this.#file, this.#bytes, 0, fieldBytes, at);
    return readU32(this.#bytes, 0);
  }
}

/** Where a ledger is found: an open file of a process. */
export interface LedgerHandle {
  readonly pid: number;
  readonly file: number;
}

const memoryDirectory = "/dev/shm";
/** Linux's O_TMPFILE, which Node does not name: a file in no directory, gone with the last process that holds it. */
const unnamedFile = 0o20000000 | constants.O_DIRECTORY;
/** For each end a count, then the seal that the other end puts on it; then the mark. */
const fieldBytes = 4;
const endBytes = 2 * fieldBytes;
const markAt = 2 * endBytes;
