import {
  appendFile,
  copyFile,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeClock } from "../../base/fake-clock.ts";
import { silentLog } from "../../base/log.ts";
import type { ControlStore } from "../control-store.ts";
import { logPath, snapshotPath } from "./files.ts";
import { encodeFrame, fileHeader } from "./frames.ts";
import { openEmbeddedStore } from "./store.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "manta-damage-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const opened = (logBytesMax = 1 << 24): Promise<ControlStore> =>
  openEmbeddedStore({ directory, clock: new FakeClock(), log: silentLog, logBytesMax });

/** Writes `keys` one batch each and closes. */
const written = async (keys: readonly string[], logBytesMax?: number): Promise<void> => {
  const store = await opened(logBytesMax);
  const claim = await store.claimLease("a", 3_000);
  if (!claim.granted) throw new Error("the lease is taken");
  for (const key of keys)
    await store.write(claim.epoch, [{ kind: "putKv", namespace: "n", key, value: new Uint8Array(500) }]);
  await store.close();
};

const keys = async (): Promise<string[]> => {
  const store = await opened();
  const { kv } = await store.load();
  await store.close();
  return kv.map(({ key }) => key);
};

const flipByte = async (path: string, offset: number): Promise<void> => {
  const file = await open(path, "r+");
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, offset);
  await file.write(Buffer.of((byte[0] ?? 0) ^ 0xff), 0, 1, offset);
  await file.close();
};

describe("a torn tail", () => {
  it("is cut off at every length of the last frame, and what came before is there", async () => {
    await written(["a", "b"]);
    const path = logPath(directory, 1);
    const whole = (await stat(path)).size;
    const [head, payload] = encodeFrame([{ kind: "deleteKv", namespace: "n", key: "a" }]);
    const torn = Buffer.concat([head, payload]);
    for (let length = 1; length < torn.length; length += 1) {
      await truncate(path, whole);
      await appendFile(path, torn.subarray(0, length));
      expect(await keys()).toEqual(["a", "b"]);
      expect((await stat(path)).size).toBe(whole);
    }
  });

  it("of zeros or of a frame whose bytes did not all arrive is cut off too, and writing goes on", async () => {
    await written(["a"]);
    await appendFile(logPath(directory, 1), Buffer.alloc(5_000));
    await written(["b"]);
    const path = logPath(directory, 1);
    await flipByte(path, (await stat(path)).size - 10);
    expect(await keys()).toEqual(["a"]);
    await written(["c"]);
    expect(await keys()).toEqual(["a", "c"]);
  });

  it("may be the whole first header", async () => {
    await writeFile(logPath(directory, 1), fileHeader.subarray(0, 3));
    await written(["a"]);
    expect(await keys()).toEqual(["a"]);
  });
});

describe("damage that could lose acknowledged data", () => {
  it("in the middle of a log is refused, with file and place, and nothing is touched", async () => {
    await written(["a", "b", "c"]);
    const path = logPath(directory, 1);
    await flipByte(path, 200);
    const before = await readFile(path);
    await expect(opened()).rejects.toMatchObject({
      code: "internal",
      message: expect.stringMatching(/log-00000001 is damaged at byte \d+: good data follows at \d+/) as string,
    });
    expect(await readFile(path)).toEqual(before);
    await expect(opened()).rejects.toMatchObject({ code: "internal" });
  });

  it("in a snapshot, or a missing log, is refused", async () => {
    await written(["a", "b", "c", "d", "e", "f"], 1_000);
    const generation = Number((await readdir(directory)).find((name) => name.startsWith("snapshot-"))?.slice(9));
    const path = snapshotPath(directory, generation);
    await copyFile(path, `${directory}/kept`);
    await flipByte(path, (await stat(path)).size - 3);
    await expect(opened()).rejects.toMatchObject({ code: "internal" });
    await copyFile(`${directory}/kept`, path);
    await copyFile(logPath(directory, generation), logPath(directory, generation + 2));
    await expect(opened()).rejects.toThrow(/log-\d+ is missing/);
  });
});

describe("files", () => {
  it("are folded into a snapshot at the limit, so that they stay bounded, and only the owner reads them", async () => {
    await written(
      Array.from({ length: 60 }, (_, index) => String(index % 3)),
      4_000,
    );
    const names = await readdir(directory);
    expect(names.filter((name) => name.startsWith("log-")).length).toBeLessThanOrEqual(2);
    let bytes = 0;
    for (const name of names) {
      const { size, mode } = await stat(join(directory, name));
      bytes += size;
      expect(mode & 0o777).toBe(0o600);
    }
    expect(bytes).toBeLessThan(12_000);
    expect(names).not.toContain("lock");
    expect(await keys()).toEqual(["0", "1", "2"]);
  });

  it("of an interrupted fold are used: the old snapshot and both logs, or the new snapshot", async () => {
    await written(["a", "b"]);
    // Killed after the new log was begun and before the snapshot was whole.
    await writeFile(`${snapshotPath(directory, 2)}.tmp`, "half");
    await writeFile(logPath(directory, 2), fileHeader);
    expect(await keys()).toEqual(["a", "b"]);
    await written(["c"]);
    expect(await keys()).toEqual(["a", "b", "c"]);
    expect(await readdir(directory)).not.toContain("snapshot-00000002.tmp");
  });
});

describe("a disk that fails", () => {
  it("fails the write and everything after it", async () => {
    const store = await opened(500);
    const claim = await store.claimLease("a", 3_000);
    if (!claim.granted) throw new Error("the lease is taken");
    // The next log file cannot be made: its name is taken.
    await writeFile(logPath(directory, 2), "");
    const put = (key: string): Promise<void> =>
      store.write(claim.epoch, [{ kind: "putKv", namespace: "n", key, value: new Uint8Array(600) }]);
    await put("a");
    await expect(put("b")).rejects.toMatchObject({ code: "unavailable" });
    await expect(put("c")).rejects.toMatchObject({ code: "unavailable" });
    await expect(store.load()).rejects.toMatchObject({ code: "unavailable" });
    await store.close();
  });
});
