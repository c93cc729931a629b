import { describe, expect, it } from "vitest";
import { waitFor } from "../../../base/wait.ts";
import type { HttpExchange } from "./exchange.ts";
import { exchangeBytes } from "./fixtures/raw-client.ts";
import { useStage } from "./fixtures/stage.ts";
import { echo, handlerOf, okStream, respond, streamed, waitUntilStill } from "./fixtures/test-front.ts";
import { createHttpFront } from "./front.ts";
import { httpFrontLimits } from "./limits.ts";

const host = "Host: a\r\n";
const soon = { timeoutMs: 10_000, intervalMs: 2 };

describe("limits of a request", () => {
  const stage = useStage();

  it("relate to one another", () => {
    const limits = httpFrontLimits;
    expect(limits.targetBytesMax).toBeLessThan(limits.headBytesMax);
    expect(limits.headBytesMax).toBeLessThanOrEqual(64 * 1024);
    expect(limits.headBytesMax).toBeLessThanOrEqual(limits.readAheadBytesMax);
    expect(limits.sweepPeriodMs * 4).toBeLessThanOrEqual(limits.drainIdleMs);
    expect(limits.lingerTimeoutMs).toBeLessThan(limits.headTimeoutMs);
    expect(() =>
      createHttpFront({ dispatch: echo, log: undefined as never, limits: { headBytesMax: 100_000 } }),
    ).toThrow(/headBytesMax/);
  });

  it("answers 431 to a head that is too large, whole or in pieces", async () => {
    const { port } = await stage.start(undefined, { headBytesMax: 1_000 });
    const field = `X: ${"a".repeat(400)}\r\n`;
    const [fits] = await exchangeBytes(port, `GET / HTTP/1.1\r\n${host}Connection: close\r\n${field}${field}\r\n`);
    expect(fits?.status).toBe(200);
    const [large] = await exchangeBytes(port, `GET / HTTP/1.1\r\n${host}${field}${field}${field}\r\n`);
    expect(large?.status).toBe(431);
    const client = await stage.open();
    for (const piece of [`GET / HTTP/1.1\r\n${host}`, field, field, field]) client.send(piece);
    expect((await client.responses(1))[0]?.status).toBe(431);
  });

  it("answers 431 to too many fields", async () => {
    const { port } = await stage.start(undefined, { headFieldsMax: 10 });
    expect((await exchangeBytes(port, headOf(8)))[0]?.status).toBe(200);
    expect((await exchangeBytes(port, headOf(9)))[0]?.status).toBe(431);
  });

  it("answers 414 to a target that is too long, also where the line never ends", async () => {
    const { port } = await stage.start(undefined, { targetBytesMax: 100, headBytesMax: 1_000 });
    const target = `/${"a".repeat(99)}`;
    expect((await exchangeBytes(port, `GET ${target} HTTP/1.0\r\n\r\n`))[0]?.status).toBe(200);
    expect((await exchangeBytes(port, `GET ${target}a HTTP/1.0\r\n\r\n`))[0]?.status).toBe(414);
    expect((await exchangeBytes(port, `GET /${"a".repeat(2_000)}`))[0]?.status).toBe(414);
  });

  it("answers 413 to a body too large: by its length before it comes, in chunks as it comes", async () => {
    const gone: string[] = [];
    const { port } = await stage.start(
      (exchange) => {
        exchange.handler = handlerOf({ onClientGone: () => gone.push(exchange.path) });
        exchange.readBody();
      },
      { bodyBytesMax: 10_000 },
    );
    expect((await exchangeBytes(port, `POST / HTTP/1.1\r\n${host}Content-Length: 10001\r\n\r\n`))[0]?.status).toBe(413);
    expect(stage.front.stats.requests).toBe(0);
    const client = await stage.open();
    client.send(`POST /chunks HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`);
    const chunk = `3e8\r\n${"x".repeat(1000)}\r\n`;
    for (let count = 0; count < 10; count += 1) client.send(chunk);
    await waitFor(() => stage.front.stats.requests === 1, { ...soon, what: "the request" });
    expect(client.text).toBe("");
    client.send(chunk);
    expect((await client.responses(1))[0]?.status).toBe(413);
    expect(gone).toEqual(["/chunks"]);
  });
});

describe("times of a client", () => {
  const stage = useStage();

  it("answers 408 to a head that drips, however steadily", async () => {
    await stage.start(undefined, { headTimeoutMs: 200, sweepPeriodMs: 20, keepAliveTimeoutMs: 60_000 });
    const client = await stage.open();
    client.send(`GET / HTTP/1.1\r\n${host}`);
    const drip = setInterval(() => client.send("X: y\r\n"), 20);
    const [response] = await client.responses(1);
    clearInterval(drip);
    expect(response).toMatchObject({ status: 408, fields: { connection: "close" } });
    await client.end();
  });

  it("answers 408 to a body that stops, not to one that the core does not read", async () => {
    const exchanges: HttpExchange[] = [];
    await stage.start(
      (exchange) => {
        exchanges.push(exchange);
        exchange.handler = handlerOf({ onBodyEnd: () => respond(exchange, "whole") });
        if (exchange.path === "/read") exchange.readBody();
      },
      { bodyIdleTimeoutMs: 150, sweepPeriodMs: 20 },
    );
    const [reading, waiting] = [await stage.open(), await stage.open()];
    waiting.send(`POST /wait HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nab`);
    await waitFor(() => exchanges.length === 1, { ...soon, what: "the request" });
    reading.send(`POST /read HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nab`);
    expect((await reading.responses(1))[0]?.status).toBe(408);
    // As long as the other one took at least, and more.
    exchanges[0]?.readBody();
    waiting.send("cde");
    expect((await waiting.responses(1))[0]).toMatchObject({ status: 200, body: "whole" });
  });

  it("answers 408 to a body that drips", async () => {
    await stage.start(undefined, { bodyIdleTimeoutMs: 200, bodyBytesPerSecondMin: 10_000, sweepPeriodMs: 20 });
    const client = await stage.open();
    client.send(`POST / HTTP/1.1\r\n${host}Content-Length: 100000\r\n\r\n`);
    const drip = setInterval(() => client.send("drip"), 20);
    expect((await client.responses(1))[0]?.status).toBe(408);
    clearInterval(drip);
  });

  it("closes a connection that idles, without a word, and not before", async () => {
    await stage.start(undefined, { keepAliveTimeoutMs: 300, lingerTimeoutMs: 50, sweepPeriodMs: 20 });
    const [used, unused] = [await stage.open(), await stage.open()];
    for (let count = 1; count <= 10; count += 1) {
      used.send(`GET / HTTP/1.1\r\n${host}\r\n`);
      await used.responses(count);
    }
    await unused.end();
    await used.end();
    expect(unused.text).toBe("");
    expect((await used.responses(10)).length).toBe(10);
    await waitFor(() => stage.front.stats.connections === 0, { ...soon, what: "the close" });
  });

  it("cuts a client that takes nothing of its answer", async () => {
    let gone = 0;
    await stage.start(
      (exchange) => {
        const pour = (): void => {
          while (exchange.write(Buffer.alloc(64 * 1024)));
        };
        exchange.handler = handlerOf({ onClientGone: () => (gone += 1), onWritable: pour });
        exchange.respondRaw(okStream, null, streamed);
        pour();
      },
      { writeIdleTimeoutMs: 200, sweepPeriodMs: 20 },
    );
    const client = await stage.open();
    client.socket.pause();
    client.send(`GET / HTTP/1.1\r\n${host}\r\n`);
    await waitFor(() => gone === 1, { ...soon, what: "the cut" });
    expect(stage.front.stats.cut).toBe(1);
  });

  it("ends a connection whose client neither closes nor reads after the last answer", async () => {
    await stage.start(undefined, { lingerTimeoutMs: 100, sweepPeriodMs: 20 });
    const client = await stage.open();
    client.send(`GET / HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
    await client.responses(1);
    await waitFor(() => stage.front.stats.connections === 0, { ...soon, what: "the end" });
    expect(client.closed || client.ended).toBe(true);
  });
});

describe("read-ahead and connections", () => {
  const stage = useStage();

  it("reads no further ahead than it must", async () => {
    const exchanges: HttpExchange[] = [];
    await stage.start((exchange) => exchanges.push(exchange), { readAheadBytesMax: 32 * 1024 });
    const client = await stage.open();
    const request = `GET / HTTP/1.1\r\n${host}X: ${"a".repeat(950)}\r\n\r\n`;
    const count = 20_000;
    client.send(request.repeat(count));
    await waitFor(() => exchanges.length === 1, { ...soon, what: "the request" });
    const waiting = await waitUntilStill(() => client.socket.writableLength);
    expect(waiting).toBeGreaterThan((request.length * count) / 4);
    // Nothing is lost of what waited.
    const answer = setInterval(() => {
      for (const exchange of exchanges.splice(0)) respond(exchange, "");
    }, 1);
    await waitFor(() => stage.front.stats.requests > 100, { ...soon, what: "more requests" });
    clearInterval(answer);
  });

  it("begins no request while the client does not read its answers", async () => {
    const body = "x".repeat(50_000);
    await stage.start((exchange) => respond(exchange, body), { writeBufferBytesMax: 100_000 });
    const client = await stage.open();
    client.socket.pause();
    const count = 1_000;
    client.send(`GET / HTTP/1.1\r\n${host}\r\n`.repeat(count));
    await waitFor(() => stage.front.stats.requests !== 0, { ...soon, what: "the first request" });
    expect(await waitUntilStill(() => stage.front.stats.requests)).toBeLessThan(count / 2);
    client.socket.resume();
    await waitFor(() => client.bytes > count * body.length, { ...soon, what: "all answers" });
    expect(stage.front.stats.requests).toBe(count);
  });

  it("turns connections away that are too many, with a word", async () => {
    const { port } = await stage.start(undefined, { connectionsMax: 2 });
    const [first] = [await stage.open(), await stage.open()];
    await waitFor(() => stage.front.stats.connections === 2, { ...soon, what: "two connections" });
    const [response] = await exchangeBytes(port, "");
    expect(response).toMatchObject({ status: 503, fields: { "retry-after": "1", connection: "close" } });
    expect(stage.front.stats.turnedAway).toBe(1);
    first.send(`GET / HTTP/1.1\r\n${host}\r\n`);
    expect((await first.responses(1))[0]?.status).toBe(200);
  });
});

const headOf = (fields: number): string =>
  `GET / HTTP/1.1\r\n${host}Connection: close\r\n${"X: a\r\n".repeat(fields)}\r\n`;
