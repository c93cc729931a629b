import { open, rename, rm } from "node:fs/promises";
import { storeLimits } from "../limits.ts";
import { type Mutation, mutationBytes } from "../mutation.ts";
import { privateFileMode, snapshotPath, syncDirectory, writeAll } from "./files.ts";
import { encodeFrame, fileHeader } from "./frames.ts";

/**
 * Writes the mutations that rebuild a state as the snapshot of a generation. It has its name only once
 * it is whole. Returns its size in bytes.
 */
export const writeSnapshot = async (
  directory: string,
  generation: number,
  mutations: readonly Mutation[],
): Promise<number> => {
  const path = snapshotPath(directory, generation);
  const temporary = `${path}.tmp`;
  await rm(temporary, { force: true });
  const file = await open(temporary, "wx", privateFileMode);
  let bytes = fileHeader.length;
  try {
    await writeAll(file, [fileHeader]);
    for (const batch of batches(mutations)) {
      const parts = encodeFrame(batch);
      await writeAll(file, parts);
      for (const part of parts) bytes += part.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(directory);
  return bytes;
};

/** Cut by size, so that encoding one never holds the loop for long. */
const batches = function* (mutations: readonly Mutation[]): Generator<Mutation[]> {
  let batch: Mutation[] = [];
  let bytes = 0;
  for (const mutation of mutations) {
    batch.push(mutation);
    bytes += mutationBytes(mutation);
    if (bytes < storeLimits.snapshotBatchBytes) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
};
