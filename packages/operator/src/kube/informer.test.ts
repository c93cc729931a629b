import type { ServerResponse } from "node:http";
import type { Pod } from "kubernetes-types/core/v1.d.ts";
import { FakeClock, waitFor } from "mantaray/testing";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { line, listOf, podNamed, ScriptedServer, sendJson, sendStatus } from "./fixtures/scripted-server.ts";
import { Informer } from "./informer.ts";
import type { SelectOptions } from "./kube-api.ts";
import { ObjectCache } from "./object-cache.ts";
import { resources } from "./resources.ts";

let server: ScriptedServer;
let clock: FakeClock;
let stop: AbortController;
let running: Promise<void>;
let cache: ObjectCache<Pod>;
let changes: string[];
/** The watch that is open. */
let open: ServerResponse | undefined;
const log = pino({ level: "silent" });

beforeEach(async () => {
  server = await ScriptedServer.start();
  clock = new FakeClock();
  stop = new AbortController();
  cache = new ObjectCache<Pod>({ labels: ["app"] });
  changes = [];
  open = undefined;
  cache.subscribe(({ type, object, old }) => changes.push(`${type} ${(object ?? old)?.metadata.name}`));
});

afterEach(async () => {
  stop.abort();
  await running;
  await server.close();
});

const startInformer = (select?: SelectOptions): Informer<Pod> => {
  const informer = new Informer<Pod>({
    api: server.api(),
    resource: resources.pods,
    cache,
    clock,
    log,
    random: () => 0,
    ...(select === undefined ? {} : { select }),
  });
  running = informer.run(stop.signal);
  return informer;
};

const names = (): string[] => [...cache.keys()].map((key) => key.slice("default/".length)).toSorted();
const untilNames = (...expected: string[]): Promise<true> =>
  eventually(() => names().join() === expected.join(), `the cache has ${expected.join()}`);

/** Lets the informer's own time pass while it waits. */
const eventually = async (probe: () => boolean, what: string): Promise<true> =>
  await waitFor(
    async () => {
      await clock.advance(500);
      return probe() || undefined;
    },
    { timeoutMs: 5_000, what },
  );

const keepOpen = (response: ServerResponse): true => {
  response.writeHead(200, { "content-type": "application/json" });
  response.flushHeaders();
  open = response;
  return true;
};

describe("an informer", () => {
  it("lists page by page and then follows every change", async () => {
    server.handler = ({ isWatch, query }, response) => {
      if (isWatch) return keepOpen(response);
      if (query.get("continue") === "next") return sendJson(response, listOf(10, [podNamed("b", 2)]));
      return sendJson(response, listOf(10, [podNamed("a", 1)], "next"));
    };
    const informer = startInformer({ labelSelector: "app" });
    expect(informer.hasSynced).toBe(false);
    await untilNames("a", "b");
    await eventually(() => open !== undefined, "a watch is open");
    expect(informer.hasSynced).toBe(true);
    expect(server.lists().map(({ query }) => query.get("limit"))).toEqual(["500", "500"]);
    expect(server.watches()[0]?.query.get("resourceVersion")).toBe("10");
    expect(server.watches()[0]?.query.get("labelSelector")).toBe("app");
    // In pieces: events do not end where packets do.
    const text =
      line("ADDED", podNamed("ü", 11)) + line("MODIFIED", podNamed("a", 12)) + line("DELETED", podNamed("b", 13));
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += 37) open?.write(bytes.subarray(at, at + 37));
    await untilNames("a", "ü");
    expect(changes).toEqual(["added a", "added b", "added ü", "updated a", "deleted b"]);
  });

  it("goes on from the last version, a bookmark's too, when a watch ends or breaks", async () => {
    server.handler = ({ isWatch }, response) =>
      isWatch ? keepOpen(response) : sendJson(response, listOf(10, [podNamed("a", 1)]));
    const informer = startInformer();
    await eventually(() => server.watches().length === 1 && open !== undefined, "a watch");
    open?.write(line("BOOKMARK", { metadata: { resourceVersion: "50" } }));
    open?.end();
    await eventually(() => server.watches().length === 2, "a second watch");
    open?.write(line("ADDED", podNamed("b", 60)));
    await untilNames("a", "b");
    open?.destroy();
    await eventually(() => server.watches().length === 3, "a third watch");
    expect(server.watches().map(({ query }) => query.get("resourceVersion"))).toEqual(["10", "50", "60"]);
    expect(informer.counts.relists).toBe(1);
  });

  it.each([
    ["as an answer", (response: ServerResponse) => sendStatus(response, 410, "Expired")],
    [
      "as an event",
      (response: ServerResponse) => {
        keepOpen(response);
        response.end(line("ERROR", { kind: "Status", code: 410, reason: "Expired", message: "too old" }));
        return true as const;
      },
    ],
  ])("lists anew after 410 %s, and what has gone meanwhile is removed", async (_, expire) => {
    server.handler = ({ isWatch }, response) => {
      if (isWatch) return server.watches().length === 1 ? expire(response) : keepOpen(response);
      const pods = server.lists().length === 1 ? [podNamed("a", 1), podNamed("b", 2)] : [podNamed("b", 2)];
      return sendJson(response, listOf(10 * server.lists().length, pods));
    };
    startInformer();
    await eventually(() => server.watches().length === 2, "a watch after the second list");
    expect(names()).toEqual(["b"]);
    expect(changes).toEqual(["added a", "added b", "deleted a"]);
    expect(server.watches()[1]?.query.get("resourceVersion")).toBe("20");
  });
});

describe("an informer of a server that fails", () => {
  it("sees one that was deleted and made again as two changes", async () => {
    server.handler = ({ isWatch }, response) =>
      isWatch ? keepOpen(response) : sendJson(response, listOf(10, [podNamed("a", 1)]));
    startInformer();
    await eventually(() => open !== undefined, "a watch");
    open?.write(line("MODIFIED", podNamed("a", 20, { uid: "another" })));
    await eventually(() => changes.length === 3, "three changes");
    expect(changes).toEqual(["added a", "deleted a", "added a"]);
  });

  it("keeps what it has while the server is away, and asks less and less often", async () => {
    let away = false;
    server.handler = ({ isWatch }, response) => {
      if (away) return sendStatus(response, 500, "InternalError");
      return isWatch ? keepOpen(response) : sendJson(response, listOf(10, [podNamed("a", 1)]));
    };
    startInformer();
    await eventually(() => open !== undefined, "a watch");
    away = true;
    open?.destroy();
    await eventually(() => server.watches().length === 5, "four attempts more");
    expect(names()).toEqual(["a"]);
    // 0.4, 0.8, 1.6 and 3.2 s at the least.
    expect(clock.nowMs()).toBeGreaterThan(6_000);
    away = false;
    open = undefined;
    await eventually(() => open !== undefined, "a watch again");
    expect(server.lists().length).toBe(1);
  });

  it("takes the whole list at once when pages grow too old, and removes nothing before it is complete", async () => {
    let fail = true;
    server.handler = ({ isWatch, query }, response) => {
      if (isWatch) return keepOpen(response);
      if (query.get("continue") === "next") return sendStatus(response, 410, "Expired");
      if (query.get("limit") === null && fail) {
        fail = false;
        return sendStatus(response, 403, "Forbidden");
      }
      if (query.get("limit") === null) return sendJson(response, listOf(30, [podNamed("a", 1), podNamed("c", 25)]));
      return sendJson(response, listOf(20, [podNamed("a", 1)], "next"));
    };
    const informer = startInformer();
    await eventually(() => !fail, "a list in one go was refused");
    expect(names()).toEqual(["a"]);
    expect(informer.hasSynced).toBe(false);
    await untilNames("a", "c");
    await eventually(() => informer.hasSynced, "synced");
    expect(changes).toEqual(["added a", "added c"]);
  });

  it("removes only objects of its own namespace", async () => {
    const other = {
      ...podNamed("x", 1),
      metadata: { name: "x", namespace: "other", uid: "x", resourceVersion: "1", creationTimestamp: "" },
    };
    cache.put(other);
    server.handler = ({ isWatch, path }, response) => {
      expect(path).toBe("/api/v1/namespaces/default/pods");
      return isWatch ? keepOpen(response) : sendJson(response, listOf(10, [podNamed("a", 1)]));
    };
    const informer = startInformer({ namespace: "default" });
    await eventually(() => informer.hasSynced, "synced");
    expect([...cache.keys()].toSorted()).toEqual(["default/a", "other/x"]);
  });
});
