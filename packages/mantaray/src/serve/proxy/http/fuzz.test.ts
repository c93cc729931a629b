import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../../base/wait.ts";
import { exchangeBytes, parseResponses, RawClient, type RawResponse } from "./fixtures/raw-client.ts";
import { parserBuilds } from "./fixtures/stage.ts";
import { startFront } from "./fixtures/test-front.ts";
import type { HttpFront } from "./front.ts";
import { nativeParserSource } from "./llhttp-native.ts";
import { wasmParserSource } from "./llhttp-wasm.ts";

/** One request of a script, and what `echo` answers to it. */
interface Scripted {
  readonly bytes: string;
  readonly body: string;
}

const token = fc.string({ unit: fc.constantFrom(..."abcxyz019-_".split("")), minLength: 1, maxLength: 8 });
const content = fc.string({ unit: fc.constantFrom(..."ab\r\n0;: ".split("")), maxLength: 40 });

const request = fc
  .record({
    method: fc.constantFrom("GET", "POST", "PUT", "DELETE"),
    path: token,
    fields: fc.array(fc.tuple(token, fc.string({ unit: fc.constantFrom(..."ab ,;=".split("")), maxLength: 12 })), {
      maxLength: 4,
    }),
    parts: fc.array(content, { maxLength: 3 }),
    framing: fc.constantFrom("length", "chunked", "none"),
    extension: fc.constantFrom("", ";a", ';a="b c"'),
    emptyLine: fc.boolean(),
  })
  .map(({ method, path, fields, parts, framing, extension, emptyLine }): Scripted => {
    const body = framing === "none" ? "" : parts.join("");
    const lines = fields.map(([name, value]) => `X-${name}: ${value}\r\n`).join("");
    const head = `${emptyLine ? "\r\n" : ""}${method} /${path} HTTP/1.1\r\nHost: a\r\n${lines}`;
    const chunks = parts
      .filter((part) => part !== "")
      .map((part) => `${part.length.toString(16)}${extension}\r\n${part}\r\n`);
    const framed = {
      none: `${head}\r\n`,
      length: `${head}Content-Length: ${body.length}\r\n\r\n${body}`,
      chunked: `${head}Transfer-Encoding: chunked\r\n\r\n${chunks.join("")}0\r\n\r\n`,
    }[framing];
    return { bytes: framed ?? "", body: `${method} /${path} ${body}` };
  });

const junk = fc.constantFrom(
  ..."\r|\n|\r\n|\0| |\t|:|;|,|0|5|f|\x80".split("|"),
  "Content-Length: 3\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Host: b\r\n",
  "\r\n\r\n",
  "GET / HTTP/1.1\r\n",
);
const mutation = fc.record({ at: fc.nat(2_000), remove: fc.nat(4), insert: fc.oneof(junk, fc.constant("")) });

/** Pipelined requests with something broken in them, or not. */
const mutatedScript = fc
  .tuple(fc.array(request, { minLength: 1, maxLength: 4 }), fc.array(mutation, { minLength: 1, maxLength: 4 }))
  .map(([script, mutations]) => {
    let text = script.map(({ bytes }) => bytes).join("");
    for (const { at, remove, insert } of mutations) {
      const place = at % (text.length + 1);
      text = text.slice(0, place) + insert + text.slice(place + remove);
    }
    return text;
  });

const isEcho = ({ status, body }: RawResponse): boolean => status === 200 && /^[A-Z-]+ [/h*]/.test(body);

/** Sends in pieces that arrive apart: each is with the kernel before the next is written. */
const sendInPieces = async (client: RawClient, text: string, cuts: readonly number[]): Promise<void> => {
  const ends = [...new Set(cuts.map((cut) => cut % text.length)), text.length].toSorted((a, b) => a - b);
  let from = 0;
  for (const end of ends) {
    if (end > from) client.send(text.slice(from, end));
    from = end;
    await new Promise((resolve) => setImmediate(resolve));
  }
};

describe.each(parserBuilds)("any client, with %s", (_name, parsers) => {
  let front: HttpFront;
  beforeAll(async () => {
    front = await startFront(undefined, { parsers: parsers() });
  });
  afterAll(async () => front.close());

  it("gets the same answers however its bytes are cut", async () => {
    const property = fc.asyncProperty(
      fc.array(request, { minLength: 1, maxLength: 6 }),
      fc.array(fc.nat(2_000), { maxLength: 12 }),
      async (script, cuts) => {
        const client = await RawClient.connect(front.port);
        try {
          await sendInPieces(client, script.map(({ bytes }) => bytes).join(""), cuts);
          const responses = await client.responses(script.length);
          expect(responses.map(({ body }) => body)).toEqual(script.map(({ body }) => body));
        } finally {
          client.destroy();
        }
      },
    );
    await fc.assert(property, { numRuns: 150 });
    expect(front.stats).toMatchObject({ errors: 0, refused: {} });
  });

  it("gets well-formed answers to anything, and none after a refusal", async () => {
    const property = fc.asyncProperty(mutatedScript, fc.array(fc.nat(2_000), { maxLength: 4 }), async (text, cuts) => {
      const client = await RawClient.connect(front.port);
      try {
        await sendInPieces(client, `${text}\r\n\r\n`, cuts);
        client.socket.end();
        await client.close();
        const answers = parseResponses(client.received, true, []).filter(({ status }) => status >= 200);
        const last = answers.at(-1);
        const ends = last === undefined || last.status === 200 || last.fields.connection === "close";
        // All are echoes of a request, but for the last, which may be a refusal and then says so.
        expect({ notEchoes: answers.slice(0, -1).filter((answer) => !isEcho(answer)), ends }).toEqual({
          notEchoes: [],
          ends: true,
        });
      } finally {
        client.destroy();
      }
    });
    await fc.assert(property, { numRuns: 300 });
    expect(front.stats.errors).toBe(0);
    await waitFor(() => front.stats.connections === 0, { timeoutMs: 10_000, what: "the end of all connections" });
    expect(front.stats.openExchanges).toBe(0);
    const [response] = await exchangeBytes(front.port, "GET /still HTTP/1.0\r\n\r\n");
    expect(response?.body).toBe("GET /still ");
  });
});

describe("both builds of llhttp", () => {
  it("read any mutated message the same way", () => {
    const [wasm, native] = [wasmParserSource().create(), nativeParserSource().create()];
    const read = (parser: typeof wasm, bytes: Buffer, cut: number): string => {
      parser.reset();
      const first = parser.feedHead(bytes, 0, cut);
      const used = first === 0 ? parser.feedHead(bytes, cut, bytes.length) : first;
      if (used <= 0) return used === 0 ? "incomplete" : "refused";
      const end = first === 0 ? cut + used : used;
      return `${bytes.toString("latin1", end)} ${parser.keepAlive} ${parser.upgrade}`;
    };
    fc.assert(
      fc.property(
        request,
        fc.nat(400),
        fc.constantFrom(..."\r\n\0 :;0aZ\x7f\x80".split("")),
        fc.nat(400),
        ({ bytes }, at, insert, cutAt) => {
          const place = at % bytes.length;
          const text = Buffer.from(bytes.slice(0, place) + insert + bytes.slice(place), "latin1");
          const cut = 1 + (cutAt % (text.length - 1));
          expect(read(wasm, text, cut)).toBe(read(native, text, cut));
        },
      ),
      // The same messages each time: two versions of llhttp may differ somewhere, and that is not for chance to find.
      { numRuns: 2_000, seed: 1 },
    );
    wasm.free();
    native.free();
  });
});
