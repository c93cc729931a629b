import { MantaError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { StoredTables } from "../control-store.ts";
import { storeLimits } from "../limits.ts";
import type { MutationLog } from "../logged-store.ts";
import { type Mutation, mutationBytes } from "../mutation.ts";
import type { TableState } from "../table-state.ts";
import { removeOlder } from "./files.ts";
import { LogFile } from "./log-file.ts";
import { writeSnapshot } from "./snapshot-file.ts";

/** Mutations that become durable together. */
interface Batch {
  readonly mutations: Mutation[];
  bytes: number;
  readonly done: PromiseWithResolvers<void>;
}

/** Options of a commit log. */
export interface CommitLogOptions {
  readonly directory: string;
  readonly state: TableState;
  readonly file: LogFile;
  readonly log: Log;
  /** Size at which the log is folded into a snapshot, or the size of the last snapshot if that is more. */
  readonly logBytesMax: number;
  /** Size of the newest snapshot, 0 for none. */
  readonly snapshotBytes: number;
}

/**
 * Group commit: everything appended in one turn of the loop, or while the disk was busy, goes out in one
 * write and one fdatasync. A failure of the disk is final: what reached it is unknown, so every later
 * call is refused and the owner starts anew from the files.
 */
export class CommitLog implements MutationLog {
  readonly #options: CommitLogOptions;
  readonly #state: TableState;
  #file: LogFile;
  #snapshotBytes: number;
  #queue: Batch[] = [];
  #queued = 0;
  #writing: Promise<void> | undefined;
  #folding: Promise<void> | undefined;
  #failure: MantaError | undefined;
  #closed = false;

  constructor(options: CommitLogOptions) {
    this.#options = options;
    this.#state = options.state;
    this.#file = options.file;
    this.#snapshotBytes = options.snapshotBytes;
  }

  append(mutations: readonly Mutation[]): Promise<void> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    const bytes = mutations.reduce((sum, mutation) => sum + mutationBytes(mutation), 0);
    let batch = this.#queue.at(-1);
    if (batch === undefined || batch.bytes + bytes > storeLimits.batchBytesMax) {
      batch = { mutations: [], bytes: 0, done: Promise.withResolvers() };
      this.#queue.push(batch);
    }
    for (const mutation of mutations) batch.mutations.push(mutation);
    batch.bytes += bytes;
    this.#queued += mutations.length;
    this.#writing ??= this.#write();
    return batch.done.promise;
  }

  async flush(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) throw new MantaError("unavailable", "the store is closed");
    await this.#queue.at(-1)?.done.promise;
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  tables(): StoredTables {
    return this.#state.tables();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#writing;
    await this.#folding;
    await this.#file.close();
  }

  #refusal(): MantaError | undefined {
    if (this.#failure !== undefined) return this.#failure;
    if (this.#closed) return new MantaError("unavailable", "the store is closed");
    if (this.#queued < storeLimits.pendingMutationsMax) return undefined;
    return new MantaError("resource_exhausted", `${this.#queued} mutations wait for the disk already`);
  }

  async #write(): Promise<void> {
    // The rest of this turn's mutations join the first batch.
    await new Promise((resolve) => setImmediate(resolve));
    for (let batch = this.#queue.shift(); batch !== undefined; batch = this.#queue.shift()) {
      try {
        await this.#file.append(batch.mutations);
        for (const mutation of batch.mutations) this.#state.apply(mutation);
        this.#queued -= batch.mutations.length;
        batch.done.resolve();
        await this.#foldIfLarge();
      } catch (error) {
        this.#fail(batch, error);
      }
    }
    this.#writing = undefined;
  }

  #fail(batch: Batch, error: unknown): void {
    this.#failure ??= new MantaError(
      "unavailable",
      `the store in ${this.#options.directory} failed: ${String(error)}`,
      // Repeating it is no use: the files have to be opened anew.
      { cause: error, details: { final: true } },
    );
    this.#options.log.error({ err: error, directory: this.#options.directory }, "the store cannot write any more");
    const lost = [batch, ...this.#queue];
    this.#queue = [];
    this.#queued = 0;
    for (const { done } of lost) done.reject(this.#failure);
  }

  /** Goes on in a new log file at once; the snapshot that stands for the old ones is written beside. */
  async #foldIfLarge(): Promise<void> {
    const limit = Math.max(this.#options.logBytesMax, this.#snapshotBytes);
    if (this.#file.bytes < limit || this.#folding !== undefined) return;
    const full = this.#file;
    this.#file = await LogFile.create(this.#options.directory, full.generation + 1);
    await full.close();
    this.#folding = this.#fold(this.#file.generation, this.#state.mutations());
  }

  /** A snapshot that fails costs only room: the logs it would have replaced are still there. */
  async #fold(generation: number, mutations: readonly Mutation[]): Promise<void> {
    const { directory, log } = this.#options;
    try {
      this.#snapshotBytes = await writeSnapshot(directory, generation, mutations);
      await removeOlder(directory, generation);
      log.debug({ directory, generation, bytes: this.#snapshotBytes }, "folded the log into a snapshot");
    } catch (error) {
      log.error({ err: error, directory, generation }, "the snapshot could not be written; the log goes on");
    } finally {
      this.#folding = undefined;
    }
  }
}
