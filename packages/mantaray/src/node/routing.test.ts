import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { newActorId } from "../base/ids.ts";
import { silentLog } from "../base/log.ts";
import type { RoutingSnapshot } from "../protocol/routing.ts";
import { tempDir } from "./fixtures/temp-dir.ts";
import { NodeRouting } from "./routing.ts";

const snapshot = (version: number): RoutingSnapshot => ({
  version,
  http: { requestTimeoutMs: null, keepAliveTimeoutMs: 90_000, rootPath: "" },
  routes: [],
  deployments: {},
});

describe("NodeRouting", () => {
  it("keeps the newest snapshot on disk and finds it again", async () => {
    const file = join(tempDir(), "routing.json");
    const routing = new NodeRouting({ file }, silentLog);
    for (let version = 1; version <= 20; version += 1) routing.offer(snapshot(version));
    await routing.flushed();
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ version: 20 });
    expect(new NodeRouting({ file }, silentLog).snapshot).toEqual(snapshot(20));
  });

  it("refuses what is not newer", async () => {
    const routing = new NodeRouting({ file: join(tempDir(), "routing.json") }, silentLog);
    expect(routing.offer(snapshot(7))).toBe(true);
    expect(routing.offer(snapshot(7))).toBe(false);
    expect(routing.offer(snapshot(3))).toBe(false);
    expect(routing.version).toBe(7);
    await routing.flushed();
  });

  it.each(["{", '{"version": 0}', ""])("goes on without a damaged file: %j", (content) => {
    const file = join(tempDir(), "routing.json");
    writeFileSync(file, content);
    expect(new NodeRouting({ file }, silentLog).snapshot).toBeUndefined();
  });

  it("begins with what a former agent of the same place left, until the cluster says otherwise", async () => {
    const dir = tempDir();
    const formerFile = join(dir, "former", "routing.json");
    const first = new NodeRouting({ file: join(dir, "1.json"), formerFile }, silentLog);
    first.registered("one");
    first.offer(snapshot(9));
    await first.flushed();
    const second = new NodeRouting({ file: join(dir, "2.json"), formerFile }, silentLog);
    expect(second.snapshot).toEqual(snapshot(9));
    // Nobody has confirmed it: whatever a control store has is newer.
    expect([second.version, second.confirmed]).toEqual([0, undefined]);
    second.registered("one");
    expect(second.snapshot).toEqual(snapshot(9));
    expect(second.offer(snapshot(3))).toBe(true);
    await second.flushed();
    const third = new NodeRouting({ file: join(dir, "3.json"), formerFile }, silentLog);
    third.registered("another");
    expect(third.snapshot).toBeUndefined();
    third.forget();
    expect(existsSync(formerFile)).toBe(false);
  });

  it("hands watchers the present snapshot, then the newest, then deaths", async () => {
    const routing = new NodeRouting({ file: join(tempDir(), "routing.json") }, silentLog);
    routing.offer(snapshot(1));
    const abort = new AbortController();
    const watch = routing.watch(abort.signal);
    expect((await watch.next()).value).toEqual({ kind: "snapshot", snapshot: snapshot(1) });
    const actorId = newActorId();
    const pending = watch.next();
    await Promise.resolve();
    routing.down([actorId]);
    expect((await pending).value).toEqual({ kind: "down", actorIds: [actorId] });
    routing.offer(snapshot(2));
    routing.offer(snapshot(3));
    routing.down([actorId]);
    routing.down([actorId]);
    expect((await watch.next()).value).toEqual({ kind: "snapshot", snapshot: snapshot(3) });
    expect((await watch.next()).value).toEqual({ kind: "down", actorIds: [actorId] });
    const last = watch.next();
    abort.abort();
    expect((await last).done).toBe(true);
    await routing.flushed();
  });
});
