import { describe, expect, it } from "vitest";
import { waitFor } from "../../../base/wait.ts";
import type { HttpExchange } from "./exchange.ts";
import { useStage } from "./fixtures/stage.ts";
import { begun, handlerOf, okHead, okStream, respond, streamed, waitUntilStill } from "./fixtures/test-front.ts";

const host = "Host: a\r\n";
const mebibyte = 1024 * 1024;
const soon = { timeoutMs: 10_000, intervalMs: 2 };

describe("streaming requests", () => {
  const stage = useStage();

  it("streams a long upload through, of declared length and in chunks", async () => {
    const sums: number[] = [];
    const client = await stage.connect((exchange) => {
      let bytes = exchange.bodyStart.length;
      const onBodyEnd = (): void => {
        sums.push(bytes);
        respond(exchange, String(bytes));
      };
      exchange.handler = handlerOf({ onBody: (chunk) => (bytes += chunk.length), onBodyEnd });
      exchange.readBody();
    });
    const body = Buffer.alloc(8 * mebibyte, "x");
    client.send(`POST / HTTP/1.1\r\n${host}Content-Length: ${body.length}\r\n\r\n`);
    client.send(body);
    await client.responses(1);
    client.send(`POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`);
    for (let chunk = 0; chunk < 8; chunk += 1) {
      client.send(`${mebibyte.toString(16)}\r\n`);
      client.send(body.subarray(0, mebibyte));
      client.send("\r\n");
    }
    client.send("0\r\n\r\n");
    await client.responses(2);
    expect(sums).toEqual([body.length, body.length]);
  });

  it.each(["Content-Length: 33554432", "Transfer-Encoding: chunked"])(
    "holds the client back while the core does not read (%s)",
    async (framing) => {
      let bytes = 0;
      const open: HttpExchange[] = [];
      const client = await stage.connect((exchange) => {
        open.push(exchange);
        bytes = exchange.bodyStart.length;
        exchange.handler = handlerOf({
          onBody: (chunk) => {
            bytes += chunk.length;
            exchange.pauseBody();
          },
          onBodyEnd: () => respond(exchange, String(bytes)),
        });
      });
      const chunked = framing.startsWith("T");
      client.send(`POST / HTTP/1.1\r\n${host}${framing}\r\n\r\n`);
      if (chunked) client.send(`${(32 * mebibyte).toString(16)}\r\n`);
      client.send(Buffer.alloc(32 * mebibyte));
      if (chunked) client.send("\r\n0\r\n\r\n");
      const exchange = await waitFor(() => open[0], { ...soon, what: "the request" });
      // Nobody has asked for the body: the kernel's buffers and the read-ahead fill, and that is all.
      const waiting = await waitUntilStill(() => client.socket.writableLength);
      expect(waiting).toBeGreaterThan(16 * mebibyte);
      expect(bytes).toBeLessThan(mebibyte);
      exchange.readBody();
      await waitFor(() => bytes > 0, { ...soon, what: "the first bytes" });
      await waitUntilStill(() => bytes);
      expect(bytes).toBeLessThan(mebibyte);
      const feed = setInterval(() => exchange.resumeBody(), 0);
      const [response] = await client.responses(1);
      clearInterval(feed);
      expect(response?.body).toBe(String(32 * mebibyte));
    },
  );
});

describe("bodies nobody wants", () => {
  const stage = useStage();

  it("drops a short body nobody wanted and keeps the connection", async () => {
    const client = await stage.connect((exchange) => respond(exchange, exchange.target));
    client.send(`POST /1 HTTP/1.1\r\n${host}Content-Length: 100000\r\n\r\n`);
    expect((await client.responses(1))[0]?.fields.connection).toBeUndefined();
    client.send(Buffer.alloc(100_000));
    client.send(`GET /2 HTTP/1.1\r\n${host}\r\n`);
    expect((await client.responses(2))[1]?.body).toBe("/2");
  });

  it.each(["Content-Length: 4194304", "Transfer-Encoding: chunked"])(
    "closes after an answer to a body it will not wait for (%s), and the answer arrives",
    async (framing) => {
      const client = await stage.connect((exchange) => exchange.respondText(403, "no"));
      client.send(`POST /1 HTTP/1.1\r\n${host}${framing}\r\n\r\n${framing.startsWith("T") ? "400000\r\n" : ""}`);
      client.send(Buffer.alloc(4 * mebibyte));
      const [response] = await client.responses(1);
      expect(response).toMatchObject({ status: 403, body: "no", fields: { connection: "close" } });
      await client.end();
    },
  );
});

describe("an upload to a connection that ends", () => {
  const stage = useStage();

  it("is read for a while, and no further", async () => {
    const client = await stage.connect((exchange) => exchange.respondText(403, "no"), { lingerTimeoutMs: 30_000 });
    client.send(`POST / HTTP/1.1\r\n${host}Content-Length: 67108864\r\n\r\n`);
    await client.end();
    client.send(Buffer.alloc(64 * mebibyte));
    const waiting = await waitUntilStill(() => client.socket.writableLength);
    expect(waiting).toBeGreaterThan(32 * mebibyte);
  });
});

describe("streaming answers", () => {
  const stage = useStage();

  it("holds the core back while the client does not read, and loses nothing", async () => {
    const chunk = Buffer.alloc(64 * 1024, "y");
    const total = 256;
    let written = 0;
    let writables = 0;
    const client = await stage.connect((exchange) => {
      const pour = (): void => {
        while (written < total) {
          written += 1;
          if (!exchange.write(chunk)) return;
        }
        exchange.end();
      };
      exchange.handler = handlerOf({
        onWritable: () => {
          writables += 1;
          pour();
        },
      });
      exchange.respondRaw(okStream, null, streamed);
      pour();
    });
    client.socket.pause();
    client.send(`GET / HTTP/1.1\r\n${host}\r\n`);
    await waitFor(() => written > 0, { ...soon, what: "the answer" });
    await waitUntilStill(() => written);
    expect(written).toBeLessThan(total / 2);
    client.socket.resume();
    await waitFor(() => client.bytes > total * chunk.length, { ...soon, what: "all of it" });
    const [response] = await client.responses(1);
    expect(response?.body.length).toBe(total * chunk.length);
    expect(writables).toBeGreaterThan(0);
  });

  it("answers while the upload goes on, both ways at once", async () => {
    const client = await stage.connect((exchange) => {
      exchange.respondRaw(okStream, exchange.bodyStart, streamed);
      exchange.handler = handlerOf({
        onBody: (chunk) => exchange.write(chunk),
        onBodyEnd: () => exchange.end(),
      });
      exchange.readBody();
    });
    client.send(`POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`);
    for (const word of ["one", "two", "three"]) {
      client.send(`${word.length}\r\n${word}\r\n`);
      await waitFor(() => client.text.includes(word), { ...soon, what: `the echo of ${word}` });
    }
    client.send("0\r\n\r\n");
    expect((await client.responses(1))[0]?.body).toBe("onetwothree");
  });

  it("cuts the connection when the core destroys an answer under way", async () => {
    const client = await stage.connect((exchange) => {
      exchange.handler = handlerOf({});
      if (exchange.path === "/chunks") exchange.respondRaw(okStream, Buffer.from("part"), streamed);
      else exchange.respondRaw(okHead(10), Buffer.from("part"), begun);
      setImmediate(() => exchange.destroy());
    });
    client.send(`GET /chunks HTTP/1.1\r\n${host}\r\n`);
    await client.close();
    expect(client.text).toContain("4\r\npart\r\n");
    expect(client.text).not.toContain("0\r\n\r\n");
    expect(stage.front.stats.openExchanges).toBe(0);
  });
});

describe("clients that go", () => {
  const stage = useStage();

  it("tells the core once that the client has gone: before, during and between", async () => {
    const gone: string[] = [];
    const open: HttpExchange[] = [];
    const client = await stage.connect((exchange) => {
      open.push(exchange);
      exchange.handler = handlerOf({ onClientGone: () => gone.push(exchange.path) });
      if (exchange.path === "/answering") exchange.respondRaw(okStream, Buffer.from("part"), streamed);
      if (exchange.path === "/uploading") exchange.readBody();
      if (exchange.path === "/done") respond(exchange, "ok");
    });
    const others = await Promise.all([stage.open(), stage.open(), stage.open()]);
    client.send(`GET /waiting HTTP/1.1\r\n${host}\r\n`);
    others[0]?.send(`GET /answering HTTP/1.1\r\n${host}\r\n`);
    others[1]?.send(`POST /uploading HTTP/1.1\r\n${host}Content-Length: 10\r\n\r\nabc`);
    others[2]?.send(`GET /done HTTP/1.1\r\n${host}\r\n`);
    await waitFor(() => open.length === 4, { ...soon, what: "four requests" });
    await others[2]?.responses(1);
    client.destroy();
    others[0]?.socket.resetAndDestroy();
    others[1]?.socket.end();
    others[2]?.destroy();
    await waitFor(() => stage.front.stats.connections === 0, { ...soon, what: "the end of all connections" });
    expect(gone.toSorted()).toEqual(["/answering", "/uploading", "/waiting"]);
    expect(stage.front.stats.openExchanges).toBe(0);
    // Late calls of the core do nothing.
    for (const exchange of open) {
      exchange.readBody();
      exchange.resumeBody();
      respond(exchange, "late");
      exchange.write(Buffer.from("late"));
      exchange.end();
      exchange.destroy();
    }
    expect(stage.front.stats.errors).toBe(0);
  });

  it("sees the client go while it reads ahead of the request it answers", async () => {
    let gone = 0;
    const client = await stage.connect((exchange) => {
      exchange.handler = handlerOf({ onClientGone: () => (gone += 1) });
    });
    client.send(`GET /1 HTTP/1.1\r\n${host}\r\nGET /2 HTTP/1.1\r\n${host}\r\n`);
    await waitFor(() => stage.front.stats.requests === 1, { ...soon, what: "the request" });
    client.destroy();
    await waitFor(() => gone === 1, { ...soon, what: "the news" });
    expect(stage.front.stats.requests).toBe(1);
  });
});
