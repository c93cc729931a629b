import { describe, expect, it } from "vitest";
import { waitFor } from "../../../base/wait.ts";
import type { HttpDispatch } from "./exchange.ts";
import { exchangeBytes } from "./fixtures/raw-client.ts";
import { parserBuilds, useStage } from "./fixtures/stage.ts";
import { handlerOf } from "./fixtures/test-front.ts";

const host = "Host: a\r\n";
const post = `POST / HTTP/1.1\r\n${host}`;
const chunked = `${post}Transfer-Encoding: chunked\r\n\r\n`;
const get = `GET / HTTP/1.1\r\n${host}`;

/** Name, status, bytes. */
const refused: readonly (readonly [string, number, string])[] = [
  [
    "Content-Length before Transfer-Encoding",
    400,
    `${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    "Transfer-Encoding before Content-Length",
    400,
    `${post}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
  ],
  ["two different lengths", 400, `${post}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`],
  ["the same length twice", 400, `${post}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`],
  ["a list of one length", 400, `${post}Content-Length: 5, 5\r\n\r\nhello`],
  ["a list of two lengths", 400, `${post}Content-Length: 5, 6\r\n\r\nhello`],
  ["a signed length", 400, `${post}Content-Length: +5\r\n\r\nhello`],
  ["a negative length", 400, `${post}Content-Length: -5\r\n\r\nhello`],
  ["a hexadecimal length", 400, `${post}Content-Length: 0x5\r\n\r\nhello`],
  ["an empty length", 400, `${post}Content-Length: \r\n\r\nhello`],
  ["a length with a space in it", 400, `${post}Content-Length: 5 6\r\n\r\nhello`],
  ["a length out of range", 400, `${post}Content-Length: 99999999999999999999\r\n\r\nhello`],
  ["gzip before chunked", 400, `${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ["chunked before gzip", 400, `${post}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`],
  ["identity", 400, `${post}Transfer-Encoding: identity\r\n\r\n0\r\n\r\n`],
  ["a coding that ends in chunked", 400, `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ["chunked twice", 400, `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["chunked twice in a list", 400, `${post}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`],
  ["quoted chunked", 400, `${post}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`],
  ["chunked with a parameter", 400, `${post}Transfer-Encoding: chunked;x=1\r\n\r\n0\r\n\r\n`],
  ["chunked after a vertical tab", 400, `${post}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`],
  ["an empty Transfer-Encoding", 400, `${post}Transfer-Encoding:\r\n\r\n0\r\n\r\n`],
  ["chunked in HTTP/1.0", 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["a folded field", 400, `${get}X: a\r\n b\r\n\r\n`],
  ["a fold after an empty value", 400, `${get}X:\r\n\tb\r\n\r\n`],
  ["a fold in place of the first field", 400, `GET / HTTP/1.1\r\n X: a\r\n${host}\r\n`],
  ["a folded Transfer-Encoding", 400, `${post}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`],
  ["a bare LF after the request line", 400, `GET / HTTP/1.1\n${host}\r\n`],
  ["a bare LF after a field", 400, "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"],
  ["a bare LF at the end of the head", 400, `${get}\n`],
  ["bare LFs only", 400, "GET / HTTP/1.1\nHost: a\n\n"],
  ["a bare CR in a value", 400, `${get}X: a\rb\r\n\r\n`],
  ["two CRs before the LF", 400, `${get}X: a\r\r\n\r\n`],
  ["a bare LF before the request line", 400, `\n${get}\r\n`],
  ["a bare CR before the request line", 400, `\r${get}\r\n`],
  ["a flood of empty lines", 400, `${"\r\n".repeat(10)}${get}\r\n`],
  ["a bare LF after a chunk size", 400, `${chunked}5\nhello\r\n0\r\n\r\n`],
  ["a bare LF after a chunk", 400, `${chunked}5\r\nhello\n0\r\n\r\n`],
  ["a bare LF after the last chunk size", 400, `${chunked}5\r\nhello\r\n0\n\r\n`],
  ["a bare LF at the end of the chunks", 400, `${chunked}0\r\n\n`],
  ["a bare LF in a chunk extension", 400, `${chunked}5;a\nhello\r\n0\r\n\r\n`],
  ["a bare LF in an extension's value", 400, `${chunked}5;a=b\nhello\r\n0\r\n\r\n`],
  ["a bare LF in an extension's quoted value", 400, `${chunked}5;a="\n"\r\nhello\r\n0\r\n\r\n`],
  ["a bare CR in a chunk extension", 400, `${chunked}5;a\rX\nhello\r\n0\r\n\r\n`],
  ["a chunk size that is not a number", 400, `${chunked}x\r\nhello\r\n0\r\n\r\n`],
  ["a prefixed chunk size", 400, `${chunked}0x5\r\nhello\r\n0\r\n\r\n`],
  ["a signed chunk size", 400, `${chunked}+5\r\nhello\r\n0\r\n\r\n`],
  ["a negative chunk size", 400, `${chunked}-5\r\nhello\r\n0\r\n\r\n`],
  ["an empty chunk size", 400, `${chunked}\r\nhello\r\n0\r\n\r\n`],
  ["a space after a chunk size", 400, `${chunked}5 \r\nhello\r\n0\r\n\r\n`],
  ["a space before a chunk size", 400, `${chunked} 5\r\nhello\r\n0\r\n\r\n`],
  ["a chunk size out of range", 400, `${chunked}fffffffffffffffff\r\nhello\r\n0\r\n\r\n`],
  ["no CRLF after a chunk", 400, `${chunked}5\r\nhello0\r\n\r\n`],
  ["a chunk longer than its size", 400, `${chunked}5\r\nhelloworld\r\n0\r\n\r\n`],
  ["a length in the trailer", 400, `${chunked}0\r\nContent-Length: 5\r\n\r\n`],
  ["no Host", 400, "GET / HTTP/1.1\r\n\r\n"],
  ["two Hosts", 400, `${get}Host: a\r\n\r\n`],
  ["two different Hosts", 400, `${get}Host: b\r\n\r\n`],
  ["a Host with a path", 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"],
  ["a Host with a user", 400, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"],
  ["a list of Hosts", 400, "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"],
  ["NUL in a value", 400, `${get}X: a\0b\r\n\r\n`],
  ["a control character in a value", 400, `${get}X: a\x01b\r\n\r\n`],
  ["DEL in a value", 400, `${get}X: a\x7fb\r\n\r\n`],
  ["NUL in Connection", 400, `${get}Connection: \0close\r\n\r\n`],
  ["a space before the colon", 400, `${post}Content-Length : 5\r\n\r\nhello`],
  ["a tab before the colon", 400, `${get}X\t: a\r\n\r\n`],
  ["no colon", 400, `${get}X\r\n\r\n`],
  ["an empty field name", 400, `${get}: a\r\n\r\n`],
  ["a field name of other letters", 400, `${get}X\xe9: a\r\n\r\n`],
  ["an unknown method", 400, `FOO / HTTP/1.1\r\n${host}\r\n`],
  ["a method in lower case", 400, `get / HTTP/1.1\r\n${host}\r\n`],
  ["a method of another protocol", 400, `PLAY / HTTP/1.1\r\n${host}\r\n`],
  ["another protocol", 505, `DESCRIBE / RTSP/1.0\r\n${host}\r\n`],
  ["CONNECT", 501, `CONNECT a:1 HTTP/1.1\r\n${host}\r\n`],
  ["a space in the target", 400, `GET /a b HTTP/1.1\r\n${host}\r\n`],
  ["two spaces before the target", 400, `GET  / HTTP/1.1\r\n${host}\r\n`],
  ["two spaces after the target", 400, `GET /  HTTP/1.1\r\n${host}\r\n`],
  ["tabs for spaces", 400, `GET\t/\tHTTP/1.1\r\n${host}\r\n`],
  ["a space after the version", 400, `GET / HTTP/1.1 \r\n${host}\r\n`],
  ["NUL in the target", 400, `GET /a\0b HTTP/1.1\r\n${host}\r\n`],
  ["a raw letter beyond ASCII in the target", 400, `GET /\xe9 HTTP/1.1\r\n${host}\r\n`],
  ["a fragment", 400, `GET /a#b HTTP/1.1\r\n${host}\r\n`],
  ["a relative target", 400, `GET foo HTTP/1.1\r\n${host}\r\n`],
  ["no target", 400, `GET HTTP/1.1\r\n${host}\r\n`],
  ["an asterisk for a GET", 400, `GET * HTTP/1.1\r\n${host}\r\n`],
  ["an absolute target for another host", 400, `GET http://b/c HTTP/1.1\r\n${host}\r\n`],
  ["an absolute target with a user", 400, "GET http://u@a/c HTTP/1.1\r\nHost: u@a\r\n\r\n"],
  ["an absolute target without a host", 400, `GET http:///c HTTP/1.1\r\n${host}\r\n`],
  ["an absolute target of another scheme", 400, `GET ftp://a/c HTTP/1.1\r\n${host}\r\n`],
  ["HTTP/2.0", 505, `GET / HTTP/2.0\r\n${host}\r\n`],
  ["HTTP/0.9", 505, `GET / HTTP/0.9\r\n${host}\r\n`],
  ["no version", 400, "GET /\r\n\r\n"],
  ["the HTTP/2 preface", 400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["a TLS greeting", 400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
  ["another expectation", 417, `${post}Expect: something\r\nContent-Length: 1\r\n\r\nx`],
];

/** The same of what may be longer than one read of a socket. */
const floods: typeof refused = [
  ["a chunk size of leading zeros without end", 400, `${chunked}${"0".repeat(40_000)}5\r\nhello\r\n0\r\n\r\n`],
  ["a chunk extension without end", 400, `${chunked}5;${"a".repeat(40_000)}\r\nhello\r\n0\r\n\r\n`],
  ["many chunk extensions", 400, `${chunked}${`1;${"a".repeat(200)}\r\nx\r\n`.repeat(300)}0\r\n\r\n`],
  ["a trailer without end", 400, `${chunked}0\r\n${"X: y\r\n".repeat(8_000)}\r\n`],
];

/** A core that reads every body and answers nothing. */
const readOnly: HttpDispatch = (exchange) => {
  exchange.handler = handlerOf({});
  exchange.readBody();
};

describe.each(parserBuilds)("refusals with %s", (_name, parsers) => {
  const stage = useStage(parsers);

  it.each(refused)("refuses %s", async (_what, status, text) => {
    const front = await stage.start((exchange) => exchange.respondText(200, ""));
    const responses = await exchangeBytes(front.port, text);
    expect(responses.map((response) => response.status)).toEqual([status]);
    expect(responses[0]?.fields).toMatchObject({ connection: "close", "content-type": "text/plain; charset=utf-8" });
    expect(responses[0]?.fields.date).toBeDefined();
    expect(front.stats).toMatchObject({ requests: 0, refused: { [status]: 1 } });
  });

  it.each(floods)("refuses %s", async (_what, status, text) => {
    const front = await stage.start(readOnly);
    const responses = await exchangeBytes(front.port, text);
    expect(responses.map((response) => response.status)).toEqual([status]);
    expect(front.stats.openExchanges).toBe(0);
  });

  it.each(refused)("refuses %s, byte by byte", async (_what, status, text) => {
    await stage.start(readOnly);
    const client = await stage.open();
    for (const byte of Buffer.from(text, "latin1")) {
      client.send(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.close();
    expect((await client.responses(1)).map((response) => response.status)).toEqual([status]);
  });

  it("answers what came before a refusal, and nothing of what comes after it", async () => {
    const front = await stage.start();
    const good = `${post}Content-Length: 2\r\n\r\nok`;
    const responses = await exchangeBytes(front.port, `${good}${get}X : y\r\n\r\n${good}`);
    expect(responses.map((response) => response.status)).toEqual([200, 400]);
    expect(responses[0]?.body).toBe("POST / ok");
  });

  it("tells the core, not only the client, when a body under way breaks its framing", async () => {
    let gone = 0;
    const client = await stage.connect((exchange) => {
      exchange.handler = handlerOf({ onClientGone: () => (gone += 1) });
      exchange.readBody();
    });
    client.send(`${chunked}5\r\nhel`);
    await waitFor(() => stage.front.stats.requests === 1, { timeoutMs: 5_000, what: "the request" });
    client.send("lo\n");
    const [response] = await client.responses(1);
    expect(response?.status).toBe(400);
    expect(gone).toBe(1);
    expect(stage.front.stats.openExchanges).toBe(0);
  });
});
