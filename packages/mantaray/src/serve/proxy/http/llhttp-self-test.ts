import { MantaError } from "../../../base/errors.ts";
import type { MessageParser, ParserSource } from "./message-parser.ts";

/**
 * Messages that a build of llhttp must refuse or read to the byte before it may parse for us. What the front
 * itself refuses from the raw head is not here. Throws `internal`, naming the first message it failed on.
 */
export const assertStrict = (source: ParserSource): void => {
  const parser = source.create();
  try {
    for (const [name, text, body] of accepted) {
      const outcome = read(parser, text);
      if (outcome !== `${body}|${next}`) fail(source, `${name}: read as ${outcome}`);
    }
    for (const [name, text] of refused) {
      const outcome = read(parser, text);
      if (outcome !== "refused") fail(source, `${name}: not refused`);
    }
  } finally {
    parser.free();
  }
};

const fail = (source: ParserSource, what: string): never => {
  throw new MantaError("internal", `the ${source.name} build of llhttp failed its self-test: ${what}`);
};

/** What follows each accepted message and must be left over. */
const next = "GET /next HTTP/1.1\r\n\r\n";

const host = "Host: a\r\n";
const chunked = `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`;

/** Name, message, body. */
const accepted: readonly (readonly [string, string, string])[] = [
  ["no body", `GET /a?b=1 HTTP/1.1\r\n${host}X:  y \r\n\r\n`, ""],
  ["HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", ""],
  ["connection close", `GET / HTTP/1.1\r\n${host}Connection: close\r\n\r\n`, ""],
  ["upgrade", `GET / HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`, ""],
  ["chunks", `${chunked}5\r\nhello\r\n6;a="b c"\r\n world\r\n0\r\n\r\n`, "hello world"],
  ["a chunk that looks like an end", `${chunked}6\r\na\r\n\r\nb\r\n0\r\n\r\n`, "a\r\n\r\nb"],
  ["trailer", `${chunked}1\r\nx\r\n0\r\nX: y\r\n\r\n`, "x"],
];

/** Name, message. */
const refused: readonly (readonly [string, string])[] = [
  ["length and chunks", `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["two lengths", `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`],
  ["list of lengths", `POST / HTTP/1.1\r\n${host}Content-Length: 5, 5\r\n\r\nhello`],
  ["signed length", `POST / HTTP/1.1\r\n${host}Content-Length: +5\r\n\r\nhello`],
  ["chunked not last", `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`],
  ["folded field", `GET / HTTP/1.1\r\n${host}X: a\r\n b\r\n\r\n`],
  ["folded first line", `GET / HTTP/1.1\r\n X: a\r\n${host}\r\n`],
  ["bare LF after the request line", `GET / HTTP/1.1\n${host}\r\n`],
  ["bare LF after a field", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"],
  ["bare LF at the end", `GET / HTTP/1.1\r\n${host}\n`],
  ["bare CR in a value", `GET / HTTP/1.1\r\n${host}X: a\rb\r\n\r\n`],
  ["NUL in a value", `GET / HTTP/1.1\r\n${host}X: a\0b\r\n\r\n`],
  ["control character in a value", `GET / HTTP/1.1\r\n${host}X: a\x01b\r\n\r\n`],
  ["space before the colon", `POST / HTTP/1.1\r\n${host}Content-Length : 5\r\n\r\nhello`],
  ["no colon", `GET / HTTP/1.1\r\n${host}X\r\n\r\n`],
  ["unknown method", `FOO / HTTP/1.1\r\n${host}\r\n`],
  ["space in the target", `GET /a b HTTP/1.1\r\n${host}\r\n`],
  ["control character in the target", `GET /a\x01b HTTP/1.1\r\n${host}\r\n`],
  ["bare LF after a chunk size", `${chunked}5\nhello\r\n0\r\n\r\n`],
  ["bare LF after a chunk", `${chunked}5\r\nhello\n0\r\n\r\n`],
  ["bare LF in an extension", `${chunked}5;a\nhello\r\n0\r\n\r\n`],
  ["bare LF at the end of chunks", `${chunked}0\r\n\n`],
  ["no CRLF after a chunk", `${chunked}5\r\nhello0\r\n\r\n`],
  ["space after a chunk size", `${chunked}5 \r\nhello\r\n0\r\n\r\n`],
  ["prefixed chunk size", `${chunked}0x5\r\nhello\r\n0\r\n\r\n`],
  ["chunk size out of range", `${chunked}fffffffffffffffff\r\nhello\r\n0\r\n\r\n`],
  ["length in the trailer", `${chunked}0\r\nContent-Length: 5\r\n\r\n`],
];

/** "refused", "incomplete", or body and rest. */
const read = (parser: MessageParser, text: string): string => {
  const bytes = Buffer.from(text + next, "latin1");
  parser.reset();
  const headBytes = parser.feedHead(bytes, 0, bytes.length);
  if (headBytes <= 0) return headBytes === 0 ? "incomplete" : "refused";
  if (!text.includes("chunked\r\n")) return `|${bytes.toString("latin1", headBytes)}`;
  const body: Buffer[] = [];
  const end = parser.feedChunks(bytes, headBytes, (data) => body.push(Buffer.from(data)));
  if (end === -1) return "refused";
  return parser.ended ? `${Buffer.concat(body).toString("latin1")}|${bytes.toString("latin1", end)}` : "incomplete";
};
