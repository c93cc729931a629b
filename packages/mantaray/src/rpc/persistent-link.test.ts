import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
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

/** Listeners that come and go by name, and persistent links to them. */
class Cluster {
  readonly #directory = mkdtempSync(join(tmpdir(), "manta-again-"));
  readonly #servers = new Set<LinkServer>();
  readonly #links: PersistentLink[] = [];

  constructor() {
    onTestFinished(async () => {
      for (const link of this.#links) link.close();
      for (const server of this.#servers) await server.close();
      rmSync(this.#directory, { recursive: true, force: true });
    });
  }

  address(name: string): string {
    return `unix:${join(this.#directory, name)}`;
  }

  async start(name: string, onLink: (link: Link) => void = () => {}): Promise<LinkServer> {
    const server = await listen([this.address(name)], {
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
    this.#servers.add(server);
    return server;
  }

  async stop(server: LinkServer): Promise<void> {
    this.#servers.delete(server);
    await server.close();
  }

  link(options: Partial<PersistentLinkOptions> = {}): PersistentLink {
    const link = new PersistentLink({
      addresses: () => [this.address("a"), this.address("b")],
      token: "t",
      identity: { role: "client", id: "" },
      log: silentLog,
      clock: systemClock,
      random: seededRandom(1),
      ...options,
    });
    this.#links.push(link);
    return link;
  }
}

const failure = async (promise: Promise<unknown>): Promise<MantaError> => {
  try {
    await promise;
  } catch (error) {
    return error as MantaError;
  }
  throw new Error("it did not fail");
};

describe("a persistent link", () => {
  it("waits for its first listener, and survives that one's death and return", async () => {
    const cluster = new Cluster();
    const link = cluster.link();
    link.start();
    const client = persistentClient(link, service);
    const early = client.name({});
    const first = await cluster.start("a");
    expect(await early).toEqual({ name: "a" });
    const before = link.current;
    await cluster.stop(first);
    await until("the loss", () => link.current === undefined);
    const waiting = client.name({});
    await cluster.start("a");
    expect(await waiting).toEqual({ name: "a" });
    expect(link.current).not.toBe(before);
  });

  it("goes to the next address, and tries the last good one first", async () => {
    const cluster = new Cluster();
    const second = await cluster.start("b");
    const link = cluster.link();
    expect((await link.ready()).peer.id).toBe("b");
    await cluster.start("a");
    await cluster.stop(second);
    await until("the other", () => link.current?.peer.id === "a");
    await cluster.start("b");
    link.current?.close();
    await until("the same again", () => link.current !== undefined);
    expect(link.current?.peer.id).toBe("a");
  });

  it("is ready only when its set-up is through, and moves on where that fails", async () => {
    const cluster = new Cluster();
    await cluster.start("a");
    await cluster.start("b");
    const made: string[] = [];
    let registered: (() => void) | undefined;
    const link = cluster.link({
      onLink: async (fresh) => {
        made.push(fresh.peer.id);
        if (fresh.peer.id === "a") throw new MantaError("not_leader", "try b");
        await new Promise<void>((resolve) => {
          registered = resolve;
        });
      },
    });
    let ready = false;
    const waiting = (async () => {
      await link.ready();
      ready = true;
    })();
    await until("the second", () => registered !== undefined);
    expect(made).toEqual(["a", "b"]);
    expect(ready).toBe(false);
    expect(link.current).toBeUndefined();
    registered?.();
    await waiting;
    expect(link.current?.peer.id).toBe("b");
  });
});

describe("a persistent link in trouble", () => {
  it("leaves a peer that drains, whose streams may finish", async () => {
    const cluster = new Cluster();
    const accepted: Link[] = [];
    await cluster.start("a", (made) => accepted.push(made));
    const link = cluster.link();
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

  it("makes a call again that crossed the peer's GOAWAY", async () => {
    const cluster = new Cluster();
    const accepted: Link[] = [];
    await cluster.start("a", (made) => accepted.push(made));
    const link = cluster.link();
    const client = persistentClient(link, service);
    await client.name({});
    const first = await link.ready();
    void accepted[0]?.drain();
    // The GOAWAY has not arrived: the call is sent, dropped by the peer, and sent again.
    const crossing = client.name({});
    expect(first.streams).toBe(1);
    expect(await crossing).toEqual({ name: "a" });
    expect(accepted).toHaveLength(2);
  });

  it("says unavailable, and why, when no link comes in time", async () => {
    const cluster = new Cluster();
    const link = cluster.link({ addresses: () => [cluster.address("none")] });
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
    const nowhere = cluster.link({ addresses: () => Promise.reject(new MantaError("not_found", "no file")) });
    expect((await failure(nowhere.ready({ timeoutMs: 50 }))).message).toContain("no file");
  });

  it("backs off from a listener that takes links and drops them", async () => {
    const cluster = new Cluster();
    let links = 0;
    await cluster.start("a", (made) => {
      links += 1;
      made.close();
    });
    cluster.link({ addresses: () => [cluster.address("a")] }).start();
    const startMs = performance.now();
    await until("five links", () => links === 5);
    // 50, 100, 200 and 400 ms, each at least halved.
    expect(performance.now() - startMs).toBeGreaterThan(370);
  });
});

describe("a persistent link to a service that moves", () => {
  it("is not held up by an address that takes connections and says nothing", async () => {
    const cluster = new Cluster();
    await cluster.start("b");
    const mute = createServer(() => undefined);
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void mute.close());
    const { port } = mute.address() as AddressInfo;
    const link = cluster.link({ addresses: () => [`tcp:127.0.0.1:${port}`, cluster.address("b")] });
    const found = await link.ready({ timeoutMs: 2_000 });
    expect(found.peer.id).toBe("b");
  });

  it("follows whoever a standby names, known or not", async () => {
    const cluster = new Cluster();
    await cluster.start("a");
    await cluster.start("c");
    const link = cluster.link({
      onLink: async (made) => {
        if (made.peer.id === "a") {
          throw new MantaError("not_leader", "c leads", { details: { leader: cluster.address("c") } });
        }
      },
    });
    expect((await link.ready({ timeoutMs: 2_000 })).peer.id).toBe("c");
  });

  it("turns to a better address at once, out of a pause or a hanging dial", async () => {
    const cluster = new Cluster();
    const link = cluster.link({ addresses: () => [cluster.address("nobody")] });
    link.start();
    await cluster.start("c");
    link.prefer(cluster.address("c"));
    const found = await link.ready({ timeoutMs: 2_000 });
    expect(found.peer.id).toBe("c");
    await cluster.start("d");
    link.prefer(cluster.address("d"));
    expect(link.current).toBe(found);
    found.close("it does not lead any more");
    expect((await link.ready({ timeoutMs: 2_000 })).peer.id).toBe("d");
  });
});
