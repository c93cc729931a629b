import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { waitFor } from "../../base/wait.ts";
import { requestFlags } from "../../protocol/http-frames.ts";
import type { InStream } from "../../rpc/index.ts";
import {
  answering,
  dyingBeforeAccept,
  dyingInAnswer,
  dyingInUserCode,
  type FakeReplica,
  holding,
  rejecting,
  type Script,
  whenComplete,
} from "../routing/fake-replica.ts";
import { responseHead, TestProxy } from "./test-proxy.ts";

const proxies: TestProxy[] = [];

afterEach(async () => {
  await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
});

const start = async (options: { isHead?: boolean } = {}): Promise<TestProxy> => {
  const proxy = await TestProxy.start(options);
  proxies.push(proxy);
  return proxy;
};

const ok = answering(responseHead(200, 2), Buffer.from("ok"));

/** Answers with the bytes of the request's head, after its fixed part, and its body. */
const echo: Script = (arrival) => {
  const parts = [Buffer.from(arrival.head.subarray(1)), Buffer.from(arrival.body)];
  const handler = whenComplete(arrival, (stream) => {
    const body = Buffer.concat(parts);
    stream.respond(responseHead(200, body.length), body, true);
  });
  return { ...handler, onData: (chunk) => parts.push(Buffer.from(chunk)) };
};

const statusAndText = async (response: Promise<Response>): Promise<[number, string]> => {
  const { status, ...rest } = await response.then(async (got) => ({ status: got.status, text: await got.text() }));
  return [status, rest.text];
};

describe("the proxy's own routes", () => {
  it("are not healthy before the first snapshot, without a replica, and while it drains", async () => {
    const proxy = await start();
    const ask = (path: string): Promise<[number, string]> => statusAndText(fetch(`${proxy.url}${path}`));
    expect(await ask("/-/healthz")).toEqual([503, "Route table is not populated yet."]);
    expect(await ask("/-/routes")).toEqual([503, "Route table is not populated yet."]);
    await proxy.serve([]);
    expect(await ask("/-/healthz")).toEqual([503, "No replicas are available yet."]);
    const replica = await proxy.replica(ok);
    await proxy.serve([replica]);
    expect(await ask("/-/healthz")).toEqual([200, "success"]);
    expect(await ask("/-/routes")).toEqual([200, '{"/app":"app"}']);
    proxy.core.draining = true;
    expect(await ask("/-/healthz")).toEqual([503, "This node is being drained."]);
    expect(await ask("/app")).toEqual([200, "ok"]);
  });

  it("tell with their health how many requests are being answered", async () => {
    const proxy = await start();
    await proxy.serve([await proxy.replica(() => null)]);
    const ongoing = async (): Promise<string | null> =>
      (await fetch(`${proxy.url}/-/healthz`)).headers.get("x-manta-ongoing");
    expect(await ongoing()).toBe("0");
    const stop = new AbortController();
    const request = fetch(`${proxy.url}/app`, { signal: stop.signal }).catch(() => undefined);
    await waitFor(async () => (await ongoing()) === "1", { timeoutMs: 2_000, what: "a request on its way" });
    stop.abort();
    await request;
    await waitFor(async () => (await ongoing()) === "0", { timeoutMs: 2_000, what: "its end" });
  });

  it("are healthy without replicas on the head, so that scale from zero works", async () => {
    const proxy = await start({ isHead: true });
    await proxy.serve([]);
    expect(await statusAndText(fetch(`${proxy.url}/-/healthz`))).toEqual([200, "success"]);
  });
});

describe("a request", () => {
  it("reaches the replica as it is, with route, id and address in front", async () => {
    const proxy = await start();
    await proxy.serve([await proxy.replica(echo)]);
    const response = await fetch(`${proxy.url}/app/deep?x=1`, {
      method: "POST",
      body: "payload",
      headers: { "x-request-id": "my-id" },
    });
    const text = await response.text();
    expect(text).toContain("/appmy-id127.0.0.1POST /app/deep?x=1 HTTP/1.1\r\n");
    expect(text.endsWith("\r\n\r\npayload")).toBe(true);
  });

  it("gets an id when it has none, or a bad one", async () => {
    const proxy = await start();
    await proxy.serve([await proxy.replica(echo)]);
    const ids = await Promise.all(
      [{}, { "x-request-id": "a b" }, { "x-request-id": "x".repeat(200) }].map(async (headers) => {
        const text = await (await fetch(`${proxy.url}/app`, { headers })).text();
        return /\/app([0-9a-f-]{36})127\.0\.0\.1GET/.exec(text)?.[1];
      }),
    );
    expect(new Set(ids).size).toBe(3);
    expect(ids).not.toContain(undefined);
  });

  it("without a route is 404 with a hint", async () => {
    const proxy = await start();
    await proxy.serve([]);
    const response = await fetch(`${proxy.url}/nowhere?x=1`);
    expect(response.status).toBe(404);
    expect(await response.text()).toContain("/-/routes");
    expect(response.headers.get("x-request-id")).not.toBeNull();
  });

  it("that comes before the first snapshot waits for it", async () => {
    const proxy = await start();
    const early = fetch(`${proxy.url}/app`);
    await waitFor(() => proxy.front.stats.openExchanges === 1, { timeoutMs: 2_000, what: "the request" });
    await proxy.serve([await proxy.replica(ok)]);
    expect(await statusAndText(early)).toEqual([200, "ok"]);
  });

  it("that times out is 408, by configuration and by its own field", async () => {
    const proxy = await start();
    await proxy.serve([await proxy.replica(holding([]))], {}, { requestTimeoutMs: 100 });
    const ask = (headers: Record<string, string>): Promise<[number, string]> =>
      statusAndText(fetch(`${proxy.url}/app`, { headers: { "x-request-id": "slow", ...headers } }));
    expect(await ask({})).toEqual([408, "Request slow timed out after 0.1s."]);
    expect(await ask({ "x-request-timeout-seconds": "0.05" })).toEqual([408, "Request slow timed out after 0.05s."]);
    expect(await ask({ "x-request-timeout-seconds": "nonsense" })).toEqual([408, "Request slow timed out after 0.1s."]);
  });

  it("too many is 503 with the reference's words and Retry-After", async () => {
    const proxy = await start();
    const held: InStream[] = [];
    await proxy.serve([await proxy.replica(holding(held))], { maxOngoingRequests: 1, maxQueuedRequests: 1 });
    const waiting = [fetch(`${proxy.url}/app`), fetch(`${proxy.url}/app`)];
    const { counters } = proxy.pool.router("app#D");
    await waitFor(() => counters.queued === 1 && held.length === 1, { timeoutMs: 2_000, what: "a full queue" });
    const response = await fetch(`${proxy.url}/app`);
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await response.text()).toBe(
      "Request dropped due to backpressure (num_queued_requests=1, max_queued_requests=1).",
    );
    held.shift()?.respond(responseHead(200, 0), null, true);
    await waitFor(() => held.length === 1, { timeoutMs: 2_000, what: "the one that waited" });
    held.shift()?.respond(responseHead(200, 0), null, true);
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it("to a deployment that failed is 503 with the reason", async () => {
    const proxy = await start();
    await proxy.serve([], { available: false });
    expect(await statusAndText(fetch(`${proxy.url}/app`))).toEqual([
      503,
      "Deployment(name='D', app='app') is unavailable because it failed to deploy.",
    ]);
  });
});

const withTwo = async (first: Script): Promise<{ proxy: TestProxy; bad: FakeReplica; good: FakeReplica }> => {
  const proxy = await start();
  const [bad, good] = [await proxy.replica(first, true), await proxy.replica(echo)];
  await proxy.serve([bad, good]);
  return { proxy, bad, good };
};
const post = { method: "POST", body: "payload" };

describe("a replica that fails", () => {
  it("takes no notice: the client does not", async () => {
    const { proxy, bad } = await withTwo(rejecting(5));
    const [status, text] = await statusAndText(fetch(`${proxy.url}/app`, post));
    expect([status, text.endsWith("payload")]).toEqual([200, true]);
    expect(text.charCodeAt(0)).toBe(0);
    expect(bad.offered).toBe(1);
  });

  it("dies before it accepts a POST: another one answers, and may know that it is a retry", async () => {
    const { proxy } = await withTwo(dyingBeforeAccept);
    const [status, text] = await statusAndText(fetch(`${proxy.url}/app`, post));
    expect([status, text.endsWith("payload")]).toEqual([200, true]);
    expect(text.charCodeAt(0)).toBe(requestFlags.retry);
  });

  it("dies with an accepted POST: 503 with the reason and Retry-After, not run again", async () => {
    const { proxy, good } = await withTwo(dyingInUserCode);
    const response = await fetch(`${proxy.url}/app`, post);
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(response.headers.get("x-manta-reason")).toBe("actor_died");
    expect(await response.text()).toContain("SERVE_REPLICA::app#D#");
    expect(good.offered).toBe(0);
  });

  it.each([
    ["a GET", {}],
    ["a PUT", { method: "PUT", body: "payload" }],
    ["a POST with a key", { ...post, headers: { "Idempotency-Key": "k" } }],
  ])("dies with %s that it accepted: another one answers", async (_name, init) => {
    const { proxy, good } = await withTwo(dyingInUserCode);
    const response = await fetch(`${proxy.url}/app`, init);
    expect(response.status).toBe(200);
    expect(response.headers.get("x-manta-retries")).toBe("1");
    expect(good.started).toBe(1);
  });

  it("dies in the middle of an answer: the connection is cut", async () => {
    const { proxy } = await withTwo(dyingInAnswer(responseHead(200), Buffer.from("half")));
    const response = await fetch(`${proxy.url}/app`);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow("terminated");
    expect(proxy.core.stats.cut).toBe(1);
  });
});

describe("streams", () => {
  it("cancel the work when the client leaves, also in the queue", async () => {
    const proxy = await start();
    const replica = await proxy.replica(holding([]));
    await proxy.serve([replica], { maxOngoingRequests: 1 });
    const router = proxy.pool.router("app#D");
    const [first, second] = [new AbortController(), new AbortController()];
    const sent = fetch(`${proxy.url}/app`, { signal: first.signal });
    await waitFor(() => replica.started === 1, { timeoutMs: 2_000, what: "the first request" });
    const queued = fetch(`${proxy.url}/app`, { signal: second.signal });
    await waitFor(() => router.queued === 1, { timeoutMs: 2_000, what: "the second request" });
    second.abort();
    await expect(queued).rejects.toThrow("aborted");
    await waitFor(() => router.queued === 0, { timeoutMs: 2_000, what: "its end in the queue" });
    first.abort();
    await expect(sent).rejects.toThrow("aborted");
    await waitFor(() => replica.resets.length === 1, { timeoutMs: 2_000, what: "the cancel at the replica" });
    expect(replica.offered).toBe(1);
    expect(router.ongoing).toBe(0);
    expect(proxy.core.stats).toMatchObject({ clientsGone: 2, ongoing: 0 });
  });

  it("finish what a client wanted finished", async () => {
    const proxy = await start();
    const held: InStream[] = [];
    const replica = await proxy.replica(holding(held));
    await proxy.serve([replica]);
    const leaving = new AbortController();
    const headers = { "x-request-disconnect-disabled": "?1" };
    const request = fetch(`${proxy.url}/app`, { signal: leaving.signal, headers });
    await waitFor(() => held.length === 1, { timeoutMs: 2_000, what: "the request" });
    leaving.abort();
    await expect(request).rejects.toThrow("aborted");
    await waitFor(() => proxy.core.stats.clientsGone === 1, { timeoutMs: 2_000, what: "the client's end" });
    held[0]?.respond(responseHead(200, 0), null, true);
    await waitFor(() => proxy.core.stats.ongoing === 0, { timeoutMs: 2_000, what: "the end of the work" });
    expect(replica.resets).toEqual([]);
  });

  it("carry an answer of unknown length", async () => {
    const proxy = await start();
    const replica = await proxy.replica((arrival) =>
      whenComplete(arrival, (stream) => {
        stream.respond(responseHead(200), null, false);
        stream.write(Buffer.from("one "));
        stream.write(Buffer.from("two"));
        stream.end();
      }),
    );
    await proxy.serve([replica]);
    expect(await statusAndText(fetch(`${proxy.url}/app`))).toEqual([200, "one two"]);
  });

  it("hold an upload at the pace of the replica, in bounded memory, and lose nothing", async () => {
    const proxy = await start();
    const uploads: InStream[] = [];
    const replica = await proxy.replica((arrival) => {
      uploads.push(arrival.stream);
      arrival.stream.pause();
      return whenComplete(arrival, (stream) => stream.respond(responseHead(200, 2), Buffer.from("ok"), true));
    });
    await proxy.serve([replica]);
    const before = process.memoryUsage().arrayBuffers;
    const upload = startUpload(proxy.front.port, 10 * 1024 * 1024);
    await waitFor(() => replica.bodyBytes > 0, { timeoutMs: 2_000, what: "the upload" });
    let last = -1;
    const settled = (): boolean => {
      const same = replica.bodyBytes === last;
      last = replica.bodyBytes;
      return same;
    };
    await waitFor(settled, { timeoutMs: 5_000, intervalMs: 100, what: "the upload's pause" });
    expect(replica.bodyBytes).toBeLessThanOrEqual(512 * 1024);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024);
    uploads[0]?.resume();
    expect(await upload).toContain("HTTP/1.1 200");
    expect(replica.bodyBytes).toBe(10 * 1024 * 1024);
  });
});

/** Uploads zeros as fast as the socket takes them, always the same chunk. Resolves with the answer. */
const startUpload = (port: number, bytes: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    const chunk = Buffer.alloc(64 * 1024);
    let left = bytes;
    const pump = (): void => {
      while (left > 0) {
        left -= chunk.length;
        if (!socket.write(chunk)) return;
      }
    };
    socket.on("drain", pump);
    socket.on("error", reject);
    socket.once("data", (data) => {
      resolve(data.toString());
      socket.destroy();
    });
    socket.write(`POST /app HTTP/1.1\r\nhost: x\r\ncontent-length: ${bytes}\r\n\r\n`);
    pump();
  });
