import { describe, expect, it } from "vitest";
import { isResponse, LazyResponse, takeResponse } from "./lazy-response.ts";

type Make = (Maker: typeof Response) => Response;

const streamOf = (...chunks: string[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(Buffer.from(chunk));
      controller.close();
    },
  });

const makers: Record<string, Make> = {
  nothing: (Maker) => new Maker(),
  "null body": (Maker) => new Maker(null, { status: 404 }),
  text: (Maker) => new Maker("häß €"),
  "empty text": (Maker) => new Maker(""),
  "text with init": (Maker) =>
    new Maker("x", { status: 201, statusText: "Made", headers: { "X-A": "1", "Content-Type": "text/html" } }),
  bytes: (Maker) => new Maker(new Uint8Array([1, 2, 255])),
  "part of a buffer": (Maker) => new Maker(Buffer.from("abcdef").subarray(2, 4)),
  "array buffer": (Maker) => new Maker(new Uint8Array([7, 8]).buffer),
  "other view": (Maker) => new Maker(new Uint16Array([1, 2])),
  stream: (Maker) => new Maker(streamOf("a", "b"), { headers: { "content-type": "text/event-stream" } }),
  blob: (Maker) => new Maker(new Blob(["blob"], { type: "text/x" })),
  form: (Maker) => new Maker(new URLSearchParams({ a: "1 2" })),
  number: (Maker) => new Maker(5 as never),
  "headers object": (Maker) =>
    new Maker("x", {
      headers: new Headers([
        ["set-cookie", "a=1"],
        ["Set-Cookie", "b=2"],
        ["x", "1"],
        ["X", "2"],
      ]),
    }),
  "header pairs": (Maker) =>
    new Maker("x", {
      headers: [
        ["Set-Cookie", "a=1"],
        ["set-cookie", "b=2"],
        ["x-b", "2"],
        ["x-a", "1"],
      ],
    }),
  "same header twice": (Maker) => new Maker("x", { headers: { A: "1", a: "2" } }),
  "padded header": (Maker) => new Maker("x", { headers: { a: " 1 " } }),
  "latin-1 header": (Maker) => new Maker("x", { headers: { a: "caf\u00e9" } }),
  "wide header": (Maker) => new Maker("x", { headers: { a: "\u20ac" } }),
  "header with line break": (Maker) => new Maker("x", { headers: { a: "1\r\nb: 2" } }),
  "bad header name": (Maker) => new Maker("x", { headers: { "a b": "1" } }),
  "bad pair": (Maker) => new Maker("x", { headers: [["a"]] as never }),
  "number in header": (Maker) => new Maker("x", { headers: { a: 1 as never } }),
  "status too low": (Maker) => new Maker("x", { status: 199 }),
  "status too high": (Maker) => new Maker("x", { status: 600 }),
  "status as text": (Maker) => new Maker("x", { status: "201" as never }),
  "body with 204": (Maker) => new Maker("x", { status: 204 }),
  "no body with 204": (Maker) => new Maker(null, { status: 204 }),
  "no body with 304": (Maker) => new Maker(undefined, { status: 304, headers: { etag: '"x"' } }),
  "bad status text": (Maker) => new Maker("x", { statusText: "a\nb" }),
  "null init": (Maker) => new Maker("x", null as never),
  json: (Maker) => Maker.json({ a: [1, "ä"] }),
  "json with init": (Maker) =>
    Maker.json([1], { status: 400, headers: { "content-type": "application/problem+json" } }),
  "json undefined": (Maker) => Maker.json(undefined),
  "json with 204": (Maker) => Maker.json(1, { status: 204 }),
  redirect: (Maker) => Maker.redirect("http://example.com/x", 303),
  "bad redirect": (Maker) => Maker.redirect("http://example.com/x", 200 as never),
  error: (Maker) => Maker.error(),
};

const operations: Record<string, (response: Response) => unknown> = {
  instance: (response) => [response instanceof Response, Object.prototype.toString.call(response)],
  "own keys": (response) => Reflect.ownKeys(response).filter((key) => typeof key === "string"),
  members: (response) => [
    response.status,
    response.statusText,
    response.ok,
    response.type,
    response.url,
    response.redirected,
    response.bodyUsed,
  ],
  headers: (response) => [[...response.headers], response.headers.getSetCookie(), response.headers instanceof Headers],
  "headers changed": async (response) => {
    const { headers } = response;
    headers.set("x-new", "1");
    headers.append("set-cookie", "c=3");
    return [headers === response.headers, [...response.headers], [...response.clone().headers], await response.text()];
  },
  text: (response) => response.text(),
  json: (response) => response.json(),
  bytes: async (response) => [...new Uint8Array(await response.arrayBuffer())],
  blob: async (response) => {
    const blob = await response.blob();
    return [blob.type, await blob.text()];
  },
  "body kind": (response) => response.body === null,
  "text twice": async (response) => [await response.text(), response.bodyUsed, await response.text()],
  "clone, both read": async (response) => {
    const clone = response.clone();
    return [clone instanceof Response, await clone.text(), await response.text(), clone.status];
  },
  "clone after text": async (response) => {
    await response.text();
    return response.clone().status;
  },
};

const outcome = async (work: () => unknown): Promise<unknown> => {
  try {
    return { value: await work() };
  } catch (error) {
    return { error: `${(error as Error).name}: ${(error as Error).message}` };
  }
};

const cases = Object.keys(makers).flatMap((maker) =>
  Object.keys(operations).map((operation) => [maker, operation] as const),
);

const sent = async (response: Response): Promise<unknown> => {
  const { status, statusText, fields, body } = takeResponse(response);
  const pairs = fields.flatMap((name, index) =>
    index % 2 === 0 ? [[name, fields[index + 1]!] as [string, string]] : [],
  );
  const bytes = body === null ? null : Buffer.from(await new Response(body).arrayBuffer()).toString("hex");
  return { status, statusText, fields: [...new Headers(pairs)], bytes };
};

/** Media types are told apart without regard to case. */
const lowerCase = (value: unknown): string => JSON.stringify(value).toLowerCase();

describe("a lazy response", () => {
  it.each(cases)("agrees with a real one: %s, %s", async (maker, operation) => {
    const make = makers[maker]!;
    const work = operations[operation]!;
    const expected = await outcome(() => work(make(Response)));
    expect(await outcome(() => work(make(LazyResponse)))).toEqual(expected);
  });

  it.each(Object.keys(makers))("is sent as a real one would be: %s", async (maker) => {
    const make = makers[maker]!;
    const expected = await outcome(() => sent(make(Response)));
    const actual = await outcome(() => sent(make(LazyResponse)));
    expect(lowerCase(actual)).toEqual(lowerCase(expected));
  });

  it("is not changed by what happens to its parts afterwards", async () => {
    const bytes = new Uint8Array([1, 2]);
    const headers: Record<string, string> = { a: "1" };
    const response = new LazyResponse(bytes, { headers });
    bytes[0] = 9;
    headers["a"] = "2";
    expect(response.headers.get("a")).toBe("1");
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([1, 2]);
  });

  it("shares instanceof with real responses and their subclasses", async () => {
    class Own extends LazyResponse {
      readonly extra = 1;
      twice(): number {
        return this.status * 2;
      }
    }
    const own = new Own("x", { status: 202 });
    expect(own instanceof Own && own instanceof LazyResponse && own instanceof Response).toBe(true);
    expect([own.twice(), own.status, own.extra, await own.text()]).toEqual([404, 202, 1, "x"]);
    expect(new Response() instanceof LazyResponse).toBe(true);
    expect(new LazyResponse() instanceof Own).toBe(false);
    expect(isResponse(new LazyResponse()) && isResponse(own)).toBe(true);
    expect(isResponse({ status: 200 })).toBe(false);
    expect(() => (LazyResponse as unknown as () => void)()).toThrow(TypeError);
    expect([LazyResponse.name, LazyResponse.length]).toEqual([Response.name, Response.length]);
  });

  it("is sent once, and not after it was read", async () => {
    const twice = new LazyResponse("x");
    takeResponse(twice);
    expect(twice.bodyUsed).toBe(true);
    expect(() => takeResponse(twice)).toThrow("Body is unusable");
    const read = new LazyResponse("x");
    await read.text();
    expect(() => takeResponse(read)).toThrow("Body is unusable");
    const locked = new LazyResponse("x");
    locked.body?.getReader();
    expect(() => takeResponse(locked)).toThrow("Body is unusable");
    const cloned = new LazyResponse("x");
    cloned.clone();
    expect(takeResponse(cloned).body).toBe("x");
    const empty = new LazyResponse(null, { status: 204 });
    takeResponse(empty);
    expect(takeResponse(empty).status).toBe(204);
  });
});
