import { describe, expect, it } from "vitest";
import { waitFor } from "../../../base/wait.ts";
import type { HttpExchange } from "./exchange.ts";
import { exchangeBytes } from "./fixtures/raw-client.ts";
import { parserBuilds, useStage } from "./fixtures/stage.ts";
import { begun, handlerOf, okHead, okStream, respond, streamed, whole, withBody } from "./fixtures/test-front.ts";

const host = "Host: a\r\n";

describe.each(parserBuilds)("framing of requests, with %s", (_name, parsers) => {
  const stage = useStage(parsers);

  it("hands the head on as the client sent it", async () => {
    let seen: HttpExchange | undefined;
    const client = await stage.connect((exchange) => {
      seen = exchange;
      respond(exchange, "ok");
    });
    const head =
      "POST /fruit/?a=1&b=2 HTTP/1.1\r\nHOST: a:80\r\nX-Long:   spaced\t value \r\nx-e: \xe9\r\nContent-Length: 3\r\n\r\n";
    client.send(`${head}abc`);
    await client.responses(1);
    expect(seen?.rawHead.toString("latin1")).toBe(head);
    expect(seen).toMatchObject({
      method: "POST",
      target: "/fruit/?a=1&b=2",
      path: "/fruit/",
      httpMinor: 1,
      contentLength: 3,
    });
    expect(seen).toMatchObject({ requestEnded: true, upgrade: false, remoteAddress: "127.0.0.1", responded: true });
    expect(seen?.bodyStart.toString()).toBe("abc");
    expect(seen?.header("x-long")).toBe("spaced\t value");
    expect(seen?.header("host")).toBe("a:80");
    expect(seen?.header("long")).toBeUndefined();
  });

  it("keeps what it handed on, while later requests arrive", async () => {
    const seen: HttpExchange[] = [];
    const client = await stage.connect((exchange) => {
      seen.push(exchange);
      respond(exchange, "ok");
    });
    for (let count = 1; count <= 20; count += 1) {
      client.send(`POST /${count} HTTP/1.1\r\n${host}Content-Length: 2\r\n\r\n${String(count).padStart(2)}`);
      await client.responses(count);
    }
    expect(seen.map((exchange) => exchange.rawHead.toString().split(" ")[1])).toEqual(
      seen.map((exchange) => exchange.target),
    );
    expect(seen.map((exchange) => Number(exchange.bodyStart.toString()))).toEqual(
      Array.from({ length: 20 }, (_, n) => n + 1),
    );
  });

  it("reads heads and bodies in the smallest pieces", async () => {
    const client = await stage.connect();
    const text = `\r\nPOST /a HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: u\r\n\r\nPOST /b HTTP/1.1\r\n${host}Content-Length: 3\r\n\r\nfgh`;
    for (const character of text) {
      const before = client.socket.bytesWritten;
      client.send(character);
      await waitFor(() => client.socket.bytesWritten > before, { timeoutMs: 1_000, what: "a byte", intervalMs: 1 });
    }
    const responses = await client.responses(2);
    expect(responses.map((response) => response.body)).toEqual(["POST /a abcde", "POST /b fgh"]);
  });

  it("accepts the absolute form for its own host, and the asterisk form of OPTIONS", async () => {
    const paths: string[] = [];
    const client = await stage.connect((exchange) => {
      paths.push(exchange.path);
      respond(exchange, "");
    });
    client.send(
      `GET http://A/b/c?d HTTP/1.1\r\n${host}\r\nGET http://a?d HTTP/1.1\r\n${host}\r\nOPTIONS * HTTP/1.1\r\n${host}\r\n`,
    );
    client.send(`GET //a/b HTTP/1.1\r\n${host}\r\nGET /%0a?#x HTTP/1.1\r\n${host}\r\n`.replace("#x", ""));
    await client.responses(5);
    expect(paths).toEqual(["/b/c", "/", "*", "//a/b", "/%0a"]);
  });
});

describe.each(parserBuilds)("connections, with %s", (_name, parsers) => {
  const stage = useStage(parsers);

  it("keeps the connection, and closes it where the client asks", async () => {
    const client = await stage.connect();
    client.send(`GET /1 HTTP/1.1\r\n${host}\r\n`);
    await client.responses(1);
    client.send(`GET /2 HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
    const responses = await client.responses(2);
    await client.end();
    expect(responses.map((response) => response.body)).toEqual(["GET /1 ", "GET /2 "]);
    expect(responses.map((response) => response.fields.connection)).toEqual([undefined, "close"]);
  });

  it("answers pipelined requests in order, one at a time", async () => {
    const open: HttpExchange[] = [];
    const client = await stage.connect((exchange) => open.push(exchange));
    client.send(
      `GET /1 HTTP/1.1\r\n${host}\r\nPOST /2 HTTP/1.1\r\n${host}Content-Length: 3\r\n\r\nabcPOST /3 HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n3\r\ndef\r\n0\r\n\r\nGET /4 HTTP/1.1\r\n${host}\r\n`,
    );
    for (const target of ["/1", "/2", "/3", "/4"]) {
      await waitFor(() => open.length === 1, { timeoutMs: 5_000, what: `request ${target}`, intervalMs: 1 });
      const [exchange] = open.splice(0);
      expect(exchange?.target).toBe(target);
      if (exchange !== undefined) respond(exchange, exchange.target + exchange.bodyStart.toString());
    }
    const responses = await client.responses(4);
    expect(responses.map((response) => response.body)).toEqual(["/1", "/2abc", "/3def", "/4"]);
  });

  it("sends the answers to requests that came together in one write", async () => {
    const client = await stage.connect((exchange) => respond(exchange, exchange.target));
    let reads = 0;
    client.socket.on("data", () => (reads += 1));
    client.send(Array.from({ length: 50 }, (_, n) => `GET /${n} HTTP/1.1\r\n${host}\r\n`).join(""));
    const responses = await client.responses(50);
    expect(responses.map((response) => response.body)).toEqual(Array.from({ length: 50 }, (_, n) => `/${n}`));
    expect(reads).toBe(1);
  });

  it("speaks HTTP/1.0: closes by default, keeps alive on request, sends no chunks", async () => {
    const client = await stage.connect((exchange) => {
      if (exchange.path === "/stream") {
        exchange.respondRaw(okStream, Buffer.from("one "), streamed);
        exchange.write(Buffer.from("two"));
        exchange.end();
      } else respond(exchange, exchange.path);
    });
    client.send("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const [first] = await client.responses(1);
    expect(first).toMatchObject({ body: "/1", fields: { connection: "keep-alive" } });
    client.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    await client.end();
    const [, second] = await client.responses(2);
    expect(second?.body).toBe("one two");
    expect(second?.fields).toEqual({ connection: "close" });
    const [third] = await exchangeBytes(stage.front.port, "GET /3 HTTP/1.0\r\n\r\n");
    expect(third).toMatchObject({ body: "/3", fields: { connection: "close" } });
  });

  it("frames a streamed answer in chunks, pieces of one tick in one write", async () => {
    const client = await stage.connect((exchange) => {
      exchange.respondRaw(okStream, Buffer.from("one"), streamed);
      exchange.write(Buffer.from("two"));
      exchange.write(Buffer.alloc(0));
      exchange.end();
    });
    let reads = 0;
    client.socket.on("data", () => (reads += 1));
    client.send(`GET / HTTP/1.1\r\n${host}\r\n`);
    await client.responses(1);
    expect(client.text).toBe("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
    expect(reads).toBe(1);
  });
});

describe.each(parserBuilds)("answers, with %s", (_name, parsers) => {
  const stage = useStage(parsers);

  it("sends no body to HEAD, 204 and 304, whatever the core gives", async () => {
    const client = await stage.connect((exchange) => {
      if (exchange.path === "/text") exchange.respondText(404, "text");
      else if (exchange.path === "/stream") {
        exchange.respondRaw(okStream, Buffer.from("body"), streamed);
        exchange.write(Buffer.from("more"));
        exchange.end();
      } else if (exchange.path === "/") exchange.respondRaw(okHead(4), Buffer.from("body"), whole);
      else exchange.respondRaw(Buffer.from(`HTTP/1.1 ${exchange.path.slice(1)} X\r\n\r\n`), Buffer.from("body"), whole);
    });
    const requests = ["HEAD /text", "HEAD /stream", "HEAD /", "GET /204", "GET /304", "GET /"];
    client.send(requests.map((request) => `${request} HTTP/1.1\r\n${host}\r\n`).join(""));
    const responses = await client.responses(
      6,
      requests.map((request) => request.split(" ")[0] ?? ""),
    );
    expect(responses.map((response) => response.status)).toEqual([404, 200, 200, 204, 304, 200]);
    expect(responses.map((response) => response.body)).toEqual(["", "", "", "", "", "body"]);
    expect(responses[0]?.fields["content-length"]).toBe("4");
  });

  it("passes an interim answer on, but not to HTTP/1.0", async () => {
    const client = await stage.connect((exchange) => {
      exchange.respondRaw(Buffer.from("HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"), null, begun);
      respond(exchange, "ok");
    });
    client.send(`GET / HTTP/1.1\r\n${host}\r\nGET / HTTP/1.0\r\n\r\n`);
    expect((await client.responses(3)).map((response) => response.status)).toEqual([103, 200, 200]);
  });

  it("ends an answer without any length with the connection", async () => {
    const client = await stage.connect((exchange) => {
      exchange.respondRaw(
        Buffer.from("HTTP/1.1 200 OK\r\n\r\n"),
        Buffer.from("one "),
        exchange.path === "/1" ? whole : begun,
      );
      exchange.write(Buffer.from("two"));
      exchange.end();
    });
    client.send(`GET /1 HTTP/1.1\r\n${host}\r\nGET /2 HTTP/1.1\r\n${host}\r\n`);
    await client.end();
    expect(await client.responses(1)).toEqual([{ status: 200, fields: { connection: "close" }, body: "one " }]);
    const second = await stage.open();
    second.send(`GET /2 HTTP/1.1\r\n${host}\r\n`);
    await second.end();
    expect(await second.responses(1)).toEqual([{ status: 200, fields: { connection: "close" }, body: "one two" }]);
  });

  it("cuts the connection where a body and its declared length part", async () => {
    const client = await stage.connect((exchange) => {
      exchange.respondRaw(okHead(5), Buffer.from("12"), begun);
      if (exchange.path === "/short") exchange.end();
      else exchange.write(Buffer.from("3456"));
    });
    client.send(`GET /short HTTP/1.1\r\n${host}\r\n`);
    await client.close();
    const second = await stage.open();
    second.send(`GET /long HTTP/1.1\r\n${host}\r\n`);
    await second.close();
    expect(second.text).not.toContain("123456");
    expect(stage.front.stats).toMatchObject({ errors: 2, cut: 2 });
  });

  it("escapes line ends in the fields of its own answers", async () => {
    const client = await stage.connect((exchange) =>
      exchange.respondText(503, "é", { "retry-after": "1", "x-why": "a\r\nset-cookie: b" }),
    );
    client.send(`GET / HTTP/1.1\r\n${host}\r\n`);
    const [response] = await client.responses(1);
    expect(response?.fields).toMatchObject({ "retry-after": "1", "x-why": "a  set-cookie: b", "content-length": "2" });
  });
});

describe.each(parserBuilds)("expectations, with %s", (_name, parsers) => {
  const stage = useStage(parsers);

  it("sends 100 Continue only when the core reads the body", async () => {
    const open: HttpExchange[] = [];
    const client = await stage.connect((exchange) => open.push(exchange));
    client.send(`POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nExpect: 100-continue\r\n\r\n`);
    const exchange = await waitFor(() => open.pop(), { timeoutMs: 5_000, what: "the request" });
    expect(client.text).toBe("");
    withBody(exchange, (body) => respond(exchange, body));
    expect((await client.responses(1))[0]?.status).toBe(100);
    client.send("hello");
    expect((await client.responses(2))[1]?.body).toBe("hello");
    // A body that already comes needs no invitation.
    client.send(`POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhe`);
    const second = await waitFor(() => open.pop(), { timeoutMs: 5_000, what: "the request" });
    withBody(second, (body) => respond(second, body));
    client.send("llo");
    expect((await client.responses(3)).map((response) => response.status)).toEqual([100, 200, 200]);
  });

  it("closes after an answer that came instead of 100 Continue: the body may or may not follow", async () => {
    const client = await stage.connect((exchange) => exchange.respondText(403, "no"));
    client.send(`POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nExpect: 100-continue\r\n\r\n`);
    const [response] = await client.responses(1);
    expect(response).toMatchObject({ status: 403, fields: { connection: "close" } });
    await client.end();
  });
});

describe.each(parserBuilds)("tunnels, with %s", (_name, parsers) => {
  const stage = useStage(parsers);

  it("becomes a tunnel after 101, and only then", async () => {
    const ended: string[] = [];
    const client = await stage.connect((exchange) => {
      if (exchange.path === "/no" || !exchange.upgrade) {
        respond(exchange, String(exchange.upgrade));
        return;
      }
      exchange.handler = handlerOf({
        onBody: (chunk) => exchange.write(Buffer.from(`<${chunk.toString()}>`)),
        onBodyEnd: () => {
          ended.push("body");
          exchange.end();
        },
        onClientGone: () => ended.push("gone"),
      });
      exchange.respondRaw(
        Buffer.from("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"),
        null,
        begun,
      );
      exchange.readBody();
    });
    const upgrade = "Connection: Upgrade\r\nUpgrade: x\r\n";
    client.send(`GET /no HTTP/1.1\r\n${host}${upgrade}\r\nGET / HTTP/1.1\r\n${host}Upgrade: x\r\n\r\n`);
    expect((await client.responses(2)).map((response) => response.body)).toEqual(["true", "false"]);
    client.send(`GET / HTTP/1.1\r\n${host}${upgrade}\r\nraw`);
    await waitFor(() => client.text.endsWith("<raw>"), { timeoutMs: 5_000, what: "the echo" });
    client.send("\r\n\0");
    await waitFor(() => client.text.endsWith("<\r\n\0>"), { timeoutMs: 5_000, what: "the second echo" });
    client.socket.end();
    await client.end();
    await waitFor(() => stage.front.stats.connections === 0, { timeoutMs: 5_000, what: "the close" });
    expect(ended).toEqual(["body"]);
    expect(stage.front.stats.openExchanges).toBe(0);
  });
});

describe.each(parserBuilds)("defects of the core, with %s", (_name, parsers) => {
  const stage = useStage(parsers);

  it("answers a defect of the core with 500, and goes on", async () => {
    const client = await stage.connect((exchange) => {
      if (exchange.path === "/dispatch") throw new Error("a defect");
      if (exchange.path === "/short") exchange.respondRaw(okHead(5), Buffer.from("four"), whole);
      else if (exchange.path === "/body") {
        exchange.handler = handlerOf({
          onBody: () => {
            throw new Error("a defect");
          },
        });
        exchange.readBody();
      } else respond(exchange, "ok");
    });
    client.send(`GET /dispatch HTTP/1.1\r\n${host}\r\nGET /short HTTP/1.1\r\n${host}\r\nGET / HTTP/1.1\r\n${host}\r\n`);
    expect((await client.responses(3)).map((response) => response.status)).toEqual([500, 500, 200]);
    client.send(`POST /body HTTP/1.1\r\n${host}Content-Length: 3\r\n\r\n`);
    await waitFor(() => stage.front.stats.requests === 4, { timeoutMs: 5_000, what: "the request" });
    client.send(`abcGET / HTTP/1.1\r\n${host}\r\n`);
    expect((await client.responses(5)).map((response) => response.status)).toEqual([500, 500, 200, 500, 200]);
    expect(stage.front.stats).toMatchObject({ errors: 3, openExchanges: 0, requests: 5 });
  });
});
