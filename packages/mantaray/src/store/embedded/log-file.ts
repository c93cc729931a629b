import { type FileHandle, open } from "node:fs/promises";
import type { Mutation } from "../mutation.ts";
import { appendDurably, logPath, privateFileMode, syncDirectory } from "./files.ts";
import { encodeFrame, fileHeader } from "./frames.ts";

/** The log that is written at present: an append-only file of one generation. */
export class LogFile {
  readonly generation: number;
  #bytes: number;
  readonly #file: FileHandle;

  private constructor(generation: number, file: FileHandle, bytes: number) {
    this.generation = generation;
    this.#file = file;
    this.#bytes = bytes;
  }

  /** Makes the file of a generation, durably, its name included. */
  static async create(directory: string, generation: number): Promise<LogFile> {
    const file = await open(logPath(directory, generation), "ax", privateFileMode);
    await appendDurably(file, [fileHeader]);
    await syncDirectory(directory);
    return new LogFile(generation, file, fileHeader.length);
  }

  /** Goes on after `goodBytes`: what follows is cut off. 0 bytes: as newly made. */
  static async resume(directory: string, generation: number, goodBytes: number): Promise<LogFile> {
    const file = await open(logPath(directory, generation), "r+");
    await file.truncate(goodBytes);
    await file.sync();
    await file.close();
    const appender = await open(logPath(directory, generation), "a", privateFileMode);
    if (goodBytes === 0) await appendDurably(appender, [fileHeader]);
    return new LogFile(generation, appender, Math.max(goodBytes, fileHeader.length));
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Writes one batch and makes it durable. */
  async append(mutations: readonly Mutation[]): Promise<void> {
    const parts = encodeFrame(mutations);
    await appendDurably(this.#file, parts);
    for (const part of parts) this.#bytes += part.length;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
