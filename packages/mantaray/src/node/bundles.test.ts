import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { silentLog } from "../base/log.ts";
import { BundleCache } from "./bundles.ts";
import { tempDir } from "./fixtures/temp-dir.ts";

const idOf = (content: string): string => createHash("sha256").update(content).digest("hex");

const cacheOf = (contents: Record<string, string>, bounds: { bundlesMax?: number; bytesMax?: number } = {}) => {
  const loads: string[] = [];
  const dir = tempDir();
  const load = async (bundleId: string): Promise<Uint8Array | null> => {
    loads.push(bundleId);
    const content = contents[bundleId];
    return content === undefined ? null : Buffer.from(content);
  };
  return { dir, loads, cache: new BundleCache({ dir, load, log: silentLog, ...bounds }) };
};

describe("BundleCache", () => {
  it("fetches a bundle once, whoever asks and when", async () => {
    const id = idOf("export {};");
    const { cache, loads } = cacheOf({ [id]: "export {};" });
    const paths = await Promise.all([cache.fetch(id), cache.fetch(id), cache.fetch(id)]);
    expect(new Set([...paths, await cache.fetch(id)]).size).toBe(1);
    expect(readFileSync(paths[0] ?? "", "utf8")).toBe("export {};");
    expect(loads).toEqual([id]);
  });

  it("refuses content that is not what its id says, and leaves no file", async () => {
    const id = idOf("good");
    const { cache, dir } = cacheOf({ [id]: "evil" });
    await expect(cache.fetch(id)).rejects.toMatchObject({ code: "protocol_error" });
    expect(readdirSync(dir)).toEqual([]);
  });

  it("asks again after a failure", async () => {
    const contents: Record<string, string> = {};
    const { cache } = cacheOf(contents);
    const id = idOf("late");
    await expect(cache.fetch(id)).rejects.toMatchObject({ code: "not_found" });
    contents[id] = "late";
    await expect(cache.fetch(id)).resolves.toContain(id);
  });

  it.each(["../../etc/passwd", "", "A".repeat(64)])("refuses the id %j, which would be a file name", async (id) => {
    await expect(cacheOf({}).cache.fetch(id)).rejects.toMatchObject({ code: "invalid_argument" });
  });

  it("keeps to its bounds and spares the newest", async () => {
    const contents = Object.fromEntries(["one", "two", "three"].map((text) => [idOf(text), text]));
    const byCount = cacheOf(contents, { bundlesMax: 2 });
    for (const id of Object.keys(contents)) await byCount.cache.fetch(id);
    expect(readdirSync(byCount.dir)).toHaveLength(2);
    expect(readdirSync(byCount.dir)).toContain(`${idOf("three")}.mjs`);
    const byBytes = cacheOf(contents, { bytesMax: 1 });
    await byBytes.cache.fetch(idOf("one"));
    await byBytes.cache.fetch(idOf("two"));
    expect(readdirSync(byBytes.dir)).toEqual([`${idOf("two")}.mjs`]);
  });
});
