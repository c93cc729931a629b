import { type ChildProcess, spawn } from "node:child_process";
import { type AddressInfo, connect, createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { silentLog } from "../../../base/log.ts";
import { waitFor } from "../../../base/wait.ts";
import type { HttpExchange } from "./exchange.ts";
import { exchangeBytes, RawClient } from "./fixtures/raw-client.ts";
import { useStage } from "./fixtures/stage.ts";
import { echo, handlerOf, okStream, respond, streamed } from "./fixtures/test-front.ts";
import { createHttpFront } from "./front.ts";

const eventStream = Buffer.from(
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
);
const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const soon = { timeoutMs: 10_000, intervalMs: 2 };
const limits = { lameDuckMs: 200, drainIdleMs: 100, sweepPeriodMs: 20 };

describe("drain of the front", () => {
  const stage = useStage();

  it("ends at once without connections, and twice", async () => {
    const front = await stage.start();
    const { port } = front;
    await Promise.all([front.drain({ graceMs: 10_000 }), front.drain({ graceMs: 10_000 })]);
    await front.drain({ graceMs: 10_000 });
    await expect(RawClient.connect(port)).rejects.toThrow(/connection/);
  });

  it("answers what is under way and what still arrives, and closes each connection with its answer", async () => {
    const exchanges: HttpExchange[] = [];
    const front = await stage.start((exchange) => exchanges.push(exchange), { ...limits, drainIdleMs: 5_000 });
    const [waiting, idle] = [await stage.open(), await stage.open()];
    waiting.send(get);
    await waitFor(() => exchanges.length === 1, { ...soon, what: "a request" });
    const drained = front.drain({ graceMs: 10_000 });
    expect(front.draining).toBe(true);
    idle.send(get);
    const late = await stage.open();
    late.send(get);
    await waitFor(() => exchanges.length === 3, { ...soon, what: "requests during the drain" });
    for (const exchange of exchanges) respond(exchange, "ok");
    for (const client of [waiting, idle, late]) {
      const [response] = await client.responses(1);
      expect(response).toMatchObject({ status: 200, fields: { connection: "close" } });
      await client.end();
      client.socket.end();
    }
    await drained;
    expect(front.stats).toMatchObject({ connections: 0, cut: 0 });
  });

  it("does not end a connection without a word that was told nothing: its next request is answered", async () => {
    const exchanges: HttpExchange[] = [];
    const front = await stage.start(
      (exchange) => {
        exchanges.push(exchange);
        if (exchanges.length === 1) exchange.respondRaw(okStream, Buffer.from("begun "), streamed);
        else respond(exchange, "next");
      },
      { ...limits, drainIdleMs: 5_000 },
    );
    const client = await stage.open();
    client.send(get);
    await waitFor(() => client.text.includes("begun"), { ...soon, what: "the beginning" });
    const drained = front.drain({ graceMs: 10_000 });
    exchanges[0]?.end();
    expect((await client.responses(1))[0]?.fields.connection).toBeUndefined();
    client.send(get);
    expect((await client.responses(2))[1]).toMatchObject({ body: "next", fields: { connection: "close" } });
    client.socket.end();
    await drained;
  });
});

describe("the end of a drain", () => {
  const stage = useStage();

  it("closes connections that stay idle", async () => {
    const front = await stage.start(echo, limits);
    const [used, unused] = [await stage.open(), await stage.open()];
    used.send(get);
    await used.responses(1);
    const drained = front.drain({ graceMs: 10_000 });
    for (const client of [used, unused]) {
      await client.end();
      client.socket.end();
    }
    await drained;
    expect(front.stats.cut).toBe(0);
  });

  it("cuts the rest when its time is over, and tells the core", async () => {
    let gone = 0;
    const front = await stage.start((exchange) => {
      exchange.handler = handlerOf({ onClientGone: () => (gone += 1) });
    }, limits);
    const client = await stage.open();
    client.send(get);
    await waitFor(() => front.stats.openExchanges === 1, { ...soon, what: "the request" });
    await front.drain({ graceMs: 200 });
    expect(gone).toBe(1);
    await client.close();
  });

  it("accepts for the lame-duck time, at most half of its grace, while something is under way", async () => {
    const front = await stage.start(() => {}, { ...limits, lameDuckMs: 60_000, drainIdleMs: 60_000 });
    const { port } = front;
    const client = await stage.open();
    client.send(get);
    await waitFor(() => front.stats.openExchanges === 1, { ...soon, what: "the request" });
    let ended = false;
    const drained = front.drain({ graceMs: 2_000 }).then(() => (ended = true));
    const early = await stage.open();
    expect(early.closed).toBe(false);
    await waitFor(() => accepts(port).then((accepted) => !accepted), { ...soon, what: "a refused connection" });
    expect(ended).toBe(false);
    await drained;
  });
});

describe("a lame duck", () => {
  const stage = useStage();

  it("keeps idle connections until its time is over, tells who asks, and can be taken back", async () => {
    const front = await stage.start(echo, { ...limits, lameDuckMs: 1_000 });
    const [idle, busy] = [await stage.open(), await stage.open()];
    front.setLameDuck(true);
    busy.send(get);
    expect((await busy.responses(1))[0]?.fields.connection).toBe("close");
    await busy.end();
    expect(idle.ended).toBe(false);
    front.setLameDuck(false);
    idle.send(get);
    expect((await idle.responses(1))[0]?.fields.connection).toBeUndefined();
    front.setLameDuck(true);
    const beganMs = performance.now();
    await idle.end();
    expect(performance.now() - beganMs).toBeGreaterThan(900);
    const late = await stage.open();
    late.send(get);
    expect((await late.responses(1))[0]?.status).toBe(200);
  });

  it("waits for clients that may still come only where any came of late", async () => {
    const front = await stage.start(echo, { ...limits, lameDuckMs: 1_000 });
    const client = await stage.open();
    client.send(get);
    await client.responses(1);
    client.socket.end();
    await waitFor(() => front.stats.connections === 0, { ...soon, what: "the end of the connection" });
    const beganMs = performance.now();
    const drained = front.drain({ graceMs: 10_000 });
    const late = await stage.open();
    late.send(get);
    expect((await late.responses(1))[0]?.fields.connection).toBe("close");
    late.socket.end();
    await drained;
    expect(performance.now() - beganMs).toBeGreaterThan(900);
  });

  it("ends event streams in order at its deadline, and answers what waits", async () => {
    let gone = 0;
    const front = await stage.start((exchange) => {
      exchange.handler = handlerOf({ onClientGone: () => (gone += 1) });
      if (exchange.path === "/events") exchange.respondRaw(eventStream, Buffer.from("data: 1\n\n"), streamed);
    }, limits);
    const [events, waiting] = [await stage.open(), await stage.open()];
    events.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    waiting.send(get);
    await waitFor(() => front.stats.openExchanges === 2, { ...soon, what: "the requests" });
    const drained = front.drain({ graceMs: 500 });
    expect((await events.responses(1))[0]).toMatchObject({ status: 200, body: "data: 1\n\n" });
    expect((await waiting.responses(1))[0]).toMatchObject({
      status: 503,
      fields: { "retry-after": "1", "x-manta-reason": "draining", connection: "close" },
    });
    for (const client of [events, waiting]) {
      await client.end();
      client.socket.end();
    }
    await drained;
    expect(gone).toBe(2);
    expect(front.stats.cut).toBe(0);
  });
});

describe("the keep-alive time", () => {
  const stage = useStage();

  it("can be changed, for connections that are open too", async () => {
    const front = await stage.start(echo, { keepAliveTimeoutMs: 60_000, sweepPeriodMs: 20 });
    const client = await stage.open();
    front.setKeepAlive(100);
    await client.end();
    expect(front.stats.cut).toBe(0);
  });
});

describe("listening", () => {
  const stage = useStage();

  it("fails where somebody else listens, and can be tried again", async () => {
    const { port } = await stage.start();
    const second = createHttpFront({ log: silentLog, dispatch: echo });
    await expect(second.listen({ host: "127.0.0.1", port })).rejects.toThrow(/EADDRINUSE/);
    await stage.clear();
    await second.listen({ host: "127.0.0.1", port });
    expect(second.port).toBe(port);
    await second.close();
  });
});

describe("a front on a listening socket it was given", () => {
  it("serves it, and leaves what arrives to its other holders once it drains", async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => {
      holder.listen(0, "127.0.0.1", resolve);
    });
    const { port } = holder.address() as AddressInfo;
    const { fd } = (holder as unknown as { _handle: { fd: number } })._handle;
    const program = new URL("./fixtures/given-socket.ts", import.meta.url).pathname;
    const start = (): ChildProcess => spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "inherit", fd] });
    const [first, second] = [start(), start()];
    try {
      await Promise.all([said(first, "listening"), said(second, "listening")]);
      holder.close();
      // Whoever accepts, answers.
      for (let count = 0; count < 20; count += 1) expect(await pidOf(port)).toMatch(/^\d+$/);
      first.stdin?.end();
      await said(first, "drained");
      for (let count = 0; count < 20; count += 1) expect(await pidOf(port)).toBe(String(second.pid));
    } finally {
      first.kill("SIGKILL");
      second.kill("SIGKILL");
    }
  });
});

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });

const pidOf = async (port: number): Promise<string | undefined> => {
  const [response] = await exchangeBytes(port, get.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
  return response?.body;
};

const said = async (child: ChildProcess, word: string): Promise<void> => {
  let text = "";
  child.stdout?.on("data", (bytes: Buffer) => (text += bytes.toString()));
  await waitFor(() => text.includes(word), { ...soon, what: `"${word}" of a front` });
};
