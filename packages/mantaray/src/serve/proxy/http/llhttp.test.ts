import { describe, expect, it } from "vitest";
import { loadParser } from "./llhttp.ts";
import { nativeParserSource } from "./llhttp-native.ts";
import { wasmParserSource } from "./llhttp-wasm.ts";
import type { MessageParser, ParserSource } from "./message-parser.ts";

/** A parser that lets everything pass. */
const laxSource = (): ParserSource => ({
  name: "wasm",
  create: (): MessageParser => ({
    keepAlive: true,
    upgrade: false,
    ended: true,
    reason: "",
    reset: () => {},
    feedHead: (bytes, from) => bytes.indexOf("\r\n\r\n", from) + 4 - from,
    feedChunks: (bytes) => bytes.length,
    free: () => {},
  }),
});

const brokenSource = (): ParserSource => {
  throw new Error("cannot be loaded");
};

describe("loading llhttp", () => {
  it("takes the WebAssembly build, and Node's own where that does not load", () => {
    expect(loadParser().name).toBe("wasm");
    expect(loadParser([brokenSource, nativeParserSource]).name).toBe("native");
  });

  it("refuses to work with a parser that fails the self-test", () => {
    expect(loadParser([laxSource, nativeParserSource]).name).toBe("native");
    expect(() => loadParser([laxSource, brokenSource])).toThrow(/no HTTP parser passed.*cannot be loaded/);
  });

  it("keeps parsers apart, while memory grows under them", () => {
    const source = wasmParserSource();
    const head = Buffer.from("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    const body = Buffer.from("3\r\nabc\r\n0\r\n\r\n");
    const parsers = Array.from({ length: 5_000 }, () => source.create());
    for (const parser of parsers) {
      parser.reset();
      expect(parser.feedHead(head, 0, 20)).toBe(0);
    }
    for (const parser of parsers) expect(parser.feedHead(head, 20, head.length)).toBe(head.length - 20);
    for (const parser of parsers) {
      let text = "";
      const half = parser.feedChunks(body.subarray(0, 5), 0, (data) => (text += data.toString()));
      expect(half).toBe(5);
      expect(parser.feedChunks(body, 5, (data) => (text += data.toString()))).toBe(body.length);
      expect([text, parser.ended]).toEqual(["abc", true]);
      parser.free();
    }
  });

  it.each([wasmParserSource, nativeParserSource])("reads chunks longer than its window (%o)", (source) => {
    const parser = source().create();
    const data = Buffer.alloc(300_000, "\r\n");
    const message = Buffer.concat([Buffer.from("493e0\r\n"), data, Buffer.from("\r\n0\r\n\r\nGET")]);
    const head = Buffer.from("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    parser.reset();
    parser.feedHead(head, 0, head.length);
    const parts: Buffer[] = [];
    expect(parser.feedChunks(message, 0, (part) => parts.push(Buffer.from(part)))).toBe(message.length - 3);
    expect(Buffer.concat(parts).equals(data)).toBe(true);
    parser.free();
  });
});
