import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { seededRandom } from "../../base/random.ts";
import { waitFor } from "../../base/wait.ts";
import { openEmbeddedStore } from "./store.ts";

const directories: string[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
});

describe("a writer that is killed", () => {
  it("has lost nothing that it was told is written, whenever it dies", { timeout: 60_000 }, async () => {
    const directory = await mkdtemp(join(tmpdir(), "manta-crash-"));
    directories.push(directory);
    const random = seededRandom(1);
    const acknowledged = new Set<string>();
    let lastEpoch = 0;
    for (let round = 0; round < 6; round += 1) {
      const lines = await runWriter(directory, 20 + Math.floor(random.next() * 400));
      const epoch = Number(lines[0]?.slice("open:".length));
      expect(epoch).toBeGreaterThan(lastEpoch);
      lastEpoch = epoch;
      for (const line of lines.slice(1)) acknowledged.add(line);
      const found = await contents(directory);
      const missing = [...acknowledged].filter((key) => !found.has(key));
      expect(missing).toEqual([]);
      for (const [key, value] of found) expect(intact(key, value)).toBe(true);
    }
    expect(acknowledged.size).toBeGreaterThan(100);
  });
});

/** Starts a writer, kills it after `writes` acknowledged writes, and returns the whole lines it printed. */
const runWriter = async (directory: string, writes: number): Promise<string[]> => {
  const child = spawn(process.execPath, [new URL("fixtures/writer.ts", import.meta.url).pathname, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("latin1").on("data", (text: string) => {
    output += text;
  });
  const closed = once(child, "close");
  await waitFor(() => output.split("\n").length > writes || child.exitCode !== null, {
    timeoutMs: 20_000,
    what: "the writer's progress",
    intervalMs: 1,
  });
  child.kill("SIGKILL");
  await closed;
  return output.split("\n").slice(0, -1);
};

const contents = async (directory: string): Promise<Map<string, Uint8Array>> => {
  const store = await openEmbeddedStore({ directory, clock: systemClock, log: silentLog });
  try {
    return new Map((await store.load()).kv.map(({ key, value }) => [key, value]));
  } finally {
    await store.close();
  }
};

const intact = (key: string, value: Uint8Array): boolean => {
  const count = Number(key.split(":")[1]);
  return value.length === count % 700 && value.every((byte) => byte === count % 256);
};
