import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { systemClock } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import { silentLog } from "../base/log.ts";
import { seededRandom } from "../base/random.ts";
import { waitFor } from "../base/wait.ts";
import { defineService, nothing, streaming, unary } from "../protocol/service.ts";
import { type LinkServer, listen } from "./listen.ts";
import { persistentClient } from "./persistent-client.ts";
import { PersistentLink, type PersistentLinkOptions } from "./persistent-link.ts";
import { serveService } from "./serve-service.ts";
import type { Link } from "./types.ts";

const service = defineService("who", {
  name: unary(nothing, z.object({ name: z.string() })),
  forever: streaming(nothing, z.object({ name: z.string() })),
});
const until = (what: string, probe: () => boolean): Promise<boolean> =>
  waitFor(probe, { timeoutMs: 10_000, what, intervalMs: 5 });

describe("a persistent link", () => {
  let directory = "";
  const servers = new Set<LinkServer>();
  const persistent: PersistentLink[] = [];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "manta-again-"));
  });
  afterEach(async () => {
    for (const link of persistent.splice(0)) link.close();
    for (const server of servers) await server.close();
    servers.clear();
    rmSync(directory, { recursive: true, force: true });
  });

  const address = (name: string): string => `unix:${join(directory, name)}`;
  const start = async (name: string, onLink: (link: Link) => void = () => {}): Promise<LinkServer> => {
    const server = await listen([address(name)], {
      token: "t",
      identity: { role: "server", id: name },
      log: silentLog,
      onLink: (link) => {
        serveService(link, service, {
          name: () => ({ name }),
          async *forever(_request, { signal }) {
            yield { name };
            await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
          },
        });
        onLink(link);
      },
    });
    servers.add(server);
    return server;
  };
  const stop = async (server: LinkServer): Promise<void> => {
    servers.delete(server);
    await server.close();
  };
  const make = (options: Partial<PersistentLinkOptions> = {}): PersistentLink => {
    const link = new PersistentLink({
      addresses: () => [address("a"), address("b")],
      token: "t",
      identity: { role: "client", id: "" },
      log: silentLog,
      clock: systemClock,
      random: seededRandom(1),
      ...options,
    });
    persistent.push(link);
    return link;
  };
  const failure = (promise: Promise<unknown>): Promise<MantaError> =>
    promise.then(
      () => Promise.reject(new Error("it did not fail")),
      (error: MantaError) => error,
    );

  it("waits for its first listener, and survives that one's death and return", async () => {
    const link = make();
    link.start();
    const client = persistentClient(link, service);
    const early = client.name({});
    const first = await start("a");
    expect(await early).toEqual({ name: "a" });
    const before = link.current;
    await stop(first);
    await until("the loss", () => link.current === undefined);
    const waiting = client.name({});
    await start("a");
    expect(await waiting).toEqual({ name: "a" });
    expect(link.current).not.toBe(before);
  });

  it("goes to the next address, and tries the last good one first", async () => {
    const second = await start("b");
    const link = make();
    expect((await link.ready()).peer.id).toBe("b");
    await start("a");
    await stop(second);
    await until("the other", () => link.current?.peer.id === "a");
    await start("b");
    link.current?.close();
    await until("the same again", () => link.current !== undefined);
    expect(link.current?.peer.id).toBe("a");
  });

  it("is ready only when its set-up is through, and moves on where that fails", async () => {
    await start("a");
    await start("b");
    const made: string[] = [];
    let registered: (() => void) | undefined;
    const link = make({
      onLink: async (fresh) => {
        made.push(fresh.peer.id);
        if (fresh.peer.id === "a") throw new MantaError("not_leader", "try b");
        await new Promise<void>((resolve) => {
          registered = resolve;
        });
      },
    });
    let ready = false;
    const waiting = link.ready().then(() => {
      ready = true;
    });
    await until("the second", () => registered !== undefined);
    expect(made).toEqual(["a", "b"]);
    expect(ready).toBe(false);
    expect(link.current).toBeUndefined();
    registered?.();
    await waiting;
    expect(link.current?.peer.id).toBe("b");
  });

  it("leaves a peer that drains, whose streams may finish", async () => {
    const accepted: Link[] = [];
    await start("a", (made) => accepted.push(made));
    const link = make();
    const client = persistentClient(link, service);
    const iterator = client.forever({})[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: false, value: { name: "a" } });
    const old = link.current;
    void accepted[0]?.drain();
    await until("the next link", () => link.current !== undefined && link.current !== old);
    expect(old?.closed).toBe(false);
    expect(await client.name({})).toEqual({ name: "a" });
    link.close();
    expect(old?.closed).toBe(true);
    expect((await failure(iterator.next())).code).toBe("link_lost");
  });

  it("says unavailable, and why, when no link comes in time", async () => {
    const link = make({ addresses: () => [address("none")] });
    const client = persistentClient(link, service);
    const error = await failure(client.name({}, { timeoutMs: 80 }));
    expect(error.code).toBe("unavailable");
    expect(error.message).toContain("no link within 80 ms");
    expect(error.message).toContain("none");
    const abort = new AbortController();
    const waiting = failure(client.name({}, { signal: abort.signal }));
    abort.abort();
    expect((await waiting).code).toBe("canceled");
    const closing = failure(link.ready());
    link.close();
    expect((await closing).code).toBe("unavailable");
    expect((await failure(link.ready())).code).toBe("unavailable");
    const nowhere = make({ addresses: () => Promise.reject(new MantaError("not_found", "no file")) });
    expect((await failure(nowhere.ready({ timeoutMs: 50 }))).message).toContain("no file");
  });

  it("backs off from a listener that takes links and drops them", async () => {
    let links = 0;
    await start("a", (made) => {
      links += 1;
      made.close();
    });
    make({ addresses: () => [address("a")] }).start();
    const startMs = performance.now();
    await until("five links", () => links === 5);
    // 50, 100, 200 and 400 ms, each at least halved.
    expect(performance.now() - startMs).toBeGreaterThan(370);
  });
});
