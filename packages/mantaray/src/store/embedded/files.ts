import { type FileHandle, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Only the owner reads what is stored: it may hold secrets of applications. */
export const privateFileMode = 0o600;
export const privateDirectoryMode = 0o700;

/** The store's files of one kind, by rising generation. */
export interface StoreFiles {
  readonly snapshots: readonly number[];
  readonly logs: readonly number[];
  /** Left over from an interrupted snapshot. */
  readonly temporary: readonly string[];
}

/** `log-<g>` holds what came after `snapshot-<g>`; the first log has no snapshot. */
export const logPath = (directory: string, generation: number): string => join(directory, `log-${digits(generation)}`);
export const snapshotPath = (directory: string, generation: number): string =>
  join(directory, `snapshot-${digits(generation)}`);

const digits = (generation: number): string => String(generation).padStart(8, "0");

export const listStoreFiles = async (directory: string): Promise<StoreFiles> => {
  const names = await readdir(directory);
  const generations = (kind: string): number[] =>
    names
      .map((name) => new RegExp(`^${kind}-(\\d{8})$`).exec(name)?.[1])
      .filter((match) => match !== undefined)
      .map(Number)
      .toSorted((a, b) => a - b);
  return {
    snapshots: generations("snapshot"),
    logs: generations("log"),
    temporary: names.filter((name) => /^snapshot-\d{8}\.tmp$/.test(name)).map((name) => join(directory, name)),
  };
};

/** Deletes what the snapshot of `generation` stands for. */
export const removeOlder = async (directory: string, generation: number): Promise<void> => {
  const { snapshots, logs } = await listStoreFiles(directory);
  for (const older of logs.filter((each) => each < generation)) await rm(logPath(directory, older));
  for (const older of snapshots.filter((each) => each < generation)) await rm(snapshotPath(directory, older));
};

/** Writes all parts at the file's end and makes them durable. */
export const appendDurably = async (file: FileHandle, parts: readonly Uint8Array[]): Promise<void> => {
  await writeAll(file, parts);
  await file.datasync();
};

/** Writes all parts, however many system calls it takes. */
export const writeAll = async (file: FileHandle, parts: readonly Uint8Array[]): Promise<void> => {
  for (const part of parts) {
    let written = 0;
    while (written < part.byteLength) {
      const { bytesWritten } = await file.write(part, written, part.byteLength - written);
      written += bytesWritten;
    }
  }
};

/** Makes creations, renames and deletions in the directory durable. */
export const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};
