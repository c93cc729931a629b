import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import { sleep } from "../../base/wait.ts";
import type { ClaimOutcome, IdempotencyBounds, IdempotencyStore, KeyClaim } from "./idempotency-store.ts";
import { idempotencyLimits } from "./limits.ts";

/** What an embedded store is made with. */
export interface EmbeddedIdempotencyOptions {
  /** All processes of one machine that name the same file share it. Not on a network file system. */
  readonly file: string;
  readonly clock: Clock;
  readonly bounds?: IdempotencyBounds;
}

/** Opens the file, making it where it is not there. Throws `unavailable`. */
export const openEmbeddedIdempotencyStore = (options: EmbeddedIdempotencyOptions): IdempotencyStore => {
  mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 });
  return new EmbeddedIdempotencyStore(options);
};

/** A row; `holder` empty: finished. */
interface Row {
  readonly fingerprint: string;
  readonly holder: string;
  readonly answer: Uint8Array | null;
  readonly expires: number;
}

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA auto_vacuum = INCREMENTAL;
  CREATE TABLE IF NOT EXISTS keys (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, holder TEXT NOT NULL,
    answer BLOB, bytes INTEGER NOT NULL, finished INTEGER NOT NULL, expires INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS keys_by_end ON keys (expires);
  CREATE INDEX IF NOT EXISTS keys_by_finish ON keys (finished) WHERE holder = '';
  CREATE TABLE IF NOT EXISTS totals (id INTEGER PRIMARY KEY, answers INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
  INSERT OR IGNORE INTO totals VALUES (1, 0, 0);
  CREATE TRIGGER IF NOT EXISTS keys_go AFTER DELETE ON keys WHEN OLD.holder = '' BEGIN
    UPDATE totals SET answers = answers - 1, bytes = bytes - OLD.bytes;
  END;
  CREATE TRIGGER IF NOT EXISTS keys_finish AFTER UPDATE OF holder ON keys WHEN NEW.holder = '' AND OLD.holder <> '' BEGIN
    UPDATE totals SET answers = answers + 1, bytes = bytes + NEW.bytes;
  END;
`;

/**
 * Keys in a file of SQLite: processes of one machine share it, and it survives each of them. A call takes some
 * ten microseconds and is a transaction; a file that is busy is tried again, never waited for by the loop.
 */
class EmbeddedIdempotencyStore implements IdempotencyStore {
  readonly #clock: Clock;
  readonly #bounds: IdempotencyBounds;
  readonly #file: string;
  #open: { readonly db: DatabaseSync; readonly statements: Statements } | undefined;
  #closed = false;

  constructor({ file, clock, bounds }: EmbeddedIdempotencyOptions) {
    this.#file = file;
    this.#clock = clock;
    this.#bounds = bounds ?? idempotencyLimits;
  }

  claim(key: string, { fingerprint, holder, leaseMs, deadHolder }: KeyClaim): Promise<ClaimOutcome> {
    return this.#transaction(({ find, remove, insert }) => {
      const nowMs = this.#clock.wallMs();
      const row = find.get(key) as Row | undefined;
      const isOver = row === undefined || row.expires <= nowMs || (row.holder !== "" && row.holder === deadHolder);
      if (!isOver) {
        return row.holder === ""
          ? { kind: "finished", fingerprint: row.fingerprint, answer: Buffer.from(row.answer ?? []) }
          : { kind: "running", fingerprint: row.fingerprint, holder: row.holder };
      }
      if (row !== undefined) remove.run(key);
      insert.run(key, fingerprint, holder, nowMs + leaseMs);
      return { kind: "claimed" };
    });
  }

  renew(key: string, holder: string, leaseMs: number): Promise<boolean> {
    return this.#transaction(({ renew }) => renew.run(this.#clock.wallMs() + leaseMs, key, holder).changes === 1);
  }

  finish(key: string, holder: string, answer: Buffer, keepMs: number): Promise<boolean> {
    return this.#transaction((statements) => {
      const nowMs = this.#clock.wallMs();
      const { changes } = statements.finish.run(answer, answer.length, nowMs, nowMs + keepMs, key, holder);
      this.#sweep(statements, nowMs);
      return changes === 1;
    });
  }

  release(key: string, holder: string): Promise<void> {
    return this.#transaction(({ release }) => void release.run(key, holder));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#open?.db.close();
    this.#open = undefined;
  }

  /** Removes what is over, then the oldest answers beyond the bounds. */
  #sweep({ expire, totals, evict }: Statements, nowMs: number): void {
    expire.run(nowMs, idempotencyLimits.sweepMax);
    for (let count = 0; count < idempotencyLimits.sweepMax; count += 1) {
      const { answers, bytes } = totals.get() as { answers: number; bytes: number };
      if (answers <= this.#bounds.answersMax && bytes <= this.#bounds.answerBytesMax) return;
      evict.run();
    }
  }

  async #transaction<T>(work: (statements: Statements) => T): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return this.#attempt(work);
      } catch (error) {
        if (!isBusy(error) || attempt >= idempotencyLimits.busyMax) throw this.#unavailable(error);
      }
      await sleep(this.#clock, idempotencyLimits.busyRetryMs);
    }
  }

  #attempt<T>(work: (statements: Statements) => T): T {
    if (this.#closed) throw new MantaError("unavailable", "the store of idempotency keys is closed");
    this.#open ??= openFile(this.#file);
    const { db, statements } = this.#open;
    db.exec("BEGIN IMMEDIATE");
    try {
      const result = work(statements);
      db.exec("COMMIT");
      return result;
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }

  #unavailable(error: unknown): MantaError {
    if (error instanceof MantaError) return error;
    return new MantaError("unavailable", `idempotency keys in ${this.#file}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

type Statements = ReturnType<typeof prepare>;

const openFile = (file: string): { db: DatabaseSync; statements: Statements } => {
  const db = new DatabaseSync(file, { timeout: 0 });
  try {
    db.exec(schema);
    return { db, statements: prepare(db) };
  } catch (error) {
    db.close();
    throw error;
  }
};

const prepare = (db: DatabaseSync) =>
  ({
    find: db.prepare("SELECT fingerprint, holder, answer, expires FROM keys WHERE key = ?"),
    remove: db.prepare("DELETE FROM keys WHERE key = ?"),
    insert: db.prepare("INSERT INTO keys VALUES (?, ?, ?, NULL, 0, 0, ?)"),
    renew: db.prepare("UPDATE keys SET expires = ? WHERE key = ? AND holder = ?"),
    finish: db.prepare(
      "UPDATE keys SET holder = '', answer = ?, bytes = ?, finished = ?, expires = ? WHERE key = ? AND holder = ?",
    ),
    release: db.prepare("DELETE FROM keys WHERE key = ? AND holder = ?"),
    expire: db.prepare(
      "DELETE FROM keys WHERE key IN (SELECT key FROM keys WHERE expires <= ? ORDER BY expires LIMIT ?)",
    ),
    totals: db.prepare("SELECT answers, bytes FROM totals"),
    evict: db.prepare(
      "DELETE FROM keys WHERE key = (SELECT key FROM keys WHERE holder = '' ORDER BY finished LIMIT 1)",
    ),
  }) satisfies Record<string, StatementSync>;

/** SQLITE_BUSY and SQLITE_LOCKED, with their variants. */
const isBusy = (error: unknown): boolean => {
  const { errcode } = error as { errcode?: number };
  return errcode !== undefined && ((errcode & 0xff) === 5 || (errcode & 0xff) === 6);
};
