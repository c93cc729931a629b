import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { lockDirectory } from "./directory-lock.ts";

let directory = "";
const children: ChildProcess[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "manta-lock-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rm(directory, { recursive: true, force: true });
});

/** A writer process; resolves with its first line of output, or what it ended with. */
const startWriter = async (lockWaitMs: number): Promise<{ child: ChildProcess; said: string }> => {
  const child = spawn(
    process.execPath,
    [new URL("fixtures/writer.ts", import.meta.url).pathname, directory, String(lockWaitMs)],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  children.push(child);
  const errors: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  const said = await Promise.race([
    once(child.stdout, "data").then(([chunk]) => String(chunk)),
    once(child, "close").then(() => Buffer.concat(errors).toString()),
  ]);
  return { child, said };
};

describe("a directory in use", () => {
  it("is refused to a second process with the first one's pid", async () => {
    const { child, said } = await startWriter(0);
    expect(said).toMatch(/^open:1/);
    await expect(lockDirectory(directory, systemClock, 100)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining(`in use by process ${child.pid}`) as string,
    });
  });

  it("goes to the second one when the first lets go in time", async () => {
    const first = await lockDirectory(directory, systemClock, 0);
    const second = lockDirectory(directory, systemClock, 5_000);
    await first.release();
    await (await second).release();
    expect(await readdir(directory)).toEqual([]);
  });

  it("is taken over when its holder was killed", async () => {
    const { child } = await startWriter(0);
    const closed = once(child, "close");
    child.kill("SIGKILL");
    await closed;
    const lock = await lockDirectory(directory, systemClock, 0);
    expect(JSON.parse(await readFile(join(directory, "lock"), "utf8"))).toMatchObject({ pid: process.pid });
    await lock.release();
  });

  it("is taken over when the holder's pid belongs to another process now", async () => {
    await writeFile(join(directory, "lock"), JSON.stringify({ pid: process.pid, startTime: "earlier" }));
    const lock = await lockDirectory(directory, systemClock, 0);
    await lock.release();
    expect(await readdir(directory)).toEqual([]);
  });

  it("goes to one of several that find the same dead holder, also when a taker-over died half way", async () => {
    const dead = { pid: 999_999_999, startTime: "long-ago" };
    const deadFollower = { pid: 999_999_998, startTime: "since" };
    await writeFile(join(directory, "lock"), JSON.stringify(dead));
    await writeFile(join(directory, "lock.after-999999999-long-ago"), JSON.stringify(deadFollower));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, () => lockDirectory(directory, systemClock, 0)),
    );
    const winners = outcomes.filter(({ status }) => status === "fulfilled");
    expect(winners).toHaveLength(1);
    expect(await readdir(directory)).toEqual(["lock"]);
  });
});
