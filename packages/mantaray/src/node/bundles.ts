import { createHash, randomUUID } from "node:crypto";
import { readdir, readFile, rename, rm, stat, unlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { nodeLimits } from "./limits.ts";

/** What the cache needs. */
export interface BundleCacheDeps {
  readonly dir: string;
  /** Content from the control store; null when it has none. */
  readonly load: (bundleId: string) => Promise<Uint8Array | null>;
  readonly log: Log;
  readonly bundlesMax?: number;
  readonly bytesMax?: number;
}

/** The node's cache of code bundles: content-addressed files, each fetched once whoever asks. */
export class BundleCache {
  readonly #deps: BundleCacheDeps;
  readonly #fetches = new Map<string, Promise<string>>();

  constructor(deps: BundleCacheDeps) {
    this.#deps = deps;
  }

  /**
   * Path of a bundle's file. Throws `invalid_argument` for a malformed id, `not_found` when nobody has
   * it, `protocol_error` when what came is not what its id says.
   */
  fetch(bundleId: string): Promise<string> {
    // The id becomes a file name.
    if (!isBundleId(bundleId)) {
      const shown = JSON.stringify(bundleId.slice(0, 80));
      return Promise.reject(
        new MantaError("invalid_argument", `bundleId must be 64 lower-case hex digits, got ${shown}`),
      );
    }
    let fetching = this.#fetches.get(bundleId);
    if (fetching === undefined) {
      fetching = this.#fetch(bundleId).finally(() => this.#fetches.delete(bundleId));
      this.#fetches.set(bundleId, fetching);
    }
    return fetching;
  }

  /** What the cache has of a bundle, without asking anybody; undefined where it has nothing. */
  async read(bundleId: string): Promise<Buffer | undefined> {
    if (!isBundleId(bundleId)) return undefined;
    const content = await readFile(join(this.#deps.dir, `${bundleId}.mjs`)).catch(() => undefined);
    // Half of a file, from a disk that was full, is nobody's bundle.
    return content !== undefined && digestOf(content) === bundleId ? content : undefined;
  }

  async #fetch(bundleId: string): Promise<string> {
    const path = join(this.#deps.dir, `${bundleId}.mjs`);
    if (await touch(path)) return path;
    const content = await this.#deps.load(bundleId);
    if (content === null) throw new MantaError("not_found", `the control store has no bundle ${bundleId}`);
    const digest = digestOf(content);
    if (digest !== bundleId) {
      throw new MantaError("protocol_error", `bundle ${bundleId} has the content of ${digest}`);
    }
    const partial = `${path}.${randomUUID()}.tmp`;
    try {
      await writeFile(partial, content, { mode: 0o600 });
      await rename(partial, path);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
    await this.#evict(path);
    return path;
  }

  /** Drops the bundles longest unused. One that runs is in its process's memory already. */
  async #evict(keep: string): Promise<void> {
    const { dir, log } = this.#deps;
    const files: { path: string; bytes: number; usedMs: number }[] = [];
    for (const name of await readdir(dir)) {
      const path = join(dir, name);
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile() === true) files.push({ path, bytes: found.size, usedMs: found.mtimeMs });
    }
    files.sort((one, other) => one.usedMs - other.usedMs);
    let count = files.length;
    let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    for (const file of files) {
      const fits =
        count <= (this.#deps.bundlesMax ?? nodeLimits.bundlesMax) &&
        bytes <= (this.#deps.bytesMax ?? nodeLimits.bundleBytesMax);
      if (fits) return;
      if (file.path === keep) continue;
      await unlink(file.path).catch((error: unknown) => log.warn({ err: error }, "cannot remove an old bundle"));
      count -= 1;
      bytes -= file.bytes;
    }
  }
}

const isBundleId = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

const digestOf = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex");

/** Marks a file as used now; false when there is none. */
const touch = async (path: string): Promise<boolean> => {
  const now = new Date(systemClock.wallMs());
  try {
    await utimes(path, now, now);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
};
