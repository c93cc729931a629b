import { readdirSync, readFileSync, utimesSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempDir } from "../fixtures/temp-dir.ts";
import { boundLogFiles, openLogFiles } from "./log-files.ts";

describe("log files", () => {
  it("carry the pid once it is known", () => {
    const dir = tempDir();
    const logs = openLogFiles(dir, "worker-1");
    writeSync(logs.errFd, "oh");
    logs.settle(42);
    expect(readdirSync(dir).toSorted()).toEqual(["worker-1-42.err", "worker-1-42.out"]);
    expect(readFileSync(logs.errPath(), "utf8")).toBe("oh");
  });

  it("are emptied when they grow too long, while somebody writes to them", () => {
    const dir = tempDir();
    const logs = openLogFiles(dir, "gcs");
    writeSync(logs.outFd, "x".repeat(100));
    boundLogFiles(dir, { fileBytesMax: 50, filesMax: 10 });
    writeSync(logs.outFd, "more");
    logs.settle();
    expect(readFileSync(join(dir, "gcs.out"), "utf8")).toBe("more");
    expect(readFileSync(join(dir, "gcs.out.1"), "utf8")).toHaveLength(100);
  });

  it("make room, the longest untouched first", () => {
    const dir = tempDir();
    for (let index = 0; index < 6; index += 1) {
      writeFileSync(join(dir, `${index}.err`), "");
      utimesSync(join(dir, `${index}.err`), 1_000 + index, 1_000 + index);
    }
    boundLogFiles(dir, { fileBytesMax: 50, filesMax: 2 });
    expect(readdirSync(dir).toSorted()).toEqual(["4.err", "5.err"]);
  });
});
