import { describe, expect, it } from "vitest";
import { encodeRequestHead } from "../fixtures/request-frames.ts";
import { LazyRequest } from "./lazy-request.ts";
import { RequestBody } from "./request-body.ts";
import { RequestHead } from "./request-head.ts";

interface Sample {
  readonly method: string;
  readonly target: string;
  readonly fields: readonly [string, string][];
  /** Undefined: no body. */
  readonly body: Uint8Array | undefined;
}

const flow = { pause: (): void => undefined, resume: (): void => undefined };

const lazyOf = (sample: Sample, arrival: "whole" | "pieces"): Request => {
  const head = new RequestHead(encodeRequestHead(sample));
  const bytes = Buffer.from(sample.body ?? []);
  if (arrival === "whole" || sample.body === undefined) {
    return new LazyRequest(head, new RequestBody(bytes, true, flow)) as unknown as Request;
  }
  const body = new RequestBody(bytes.subarray(0, 2), false, flow);
  setImmediate(() => {
    body.push(bytes.subarray(2));
    body.end();
  });
  return new LazyRequest(head, body) as unknown as Request;
};

const realOf = (sample: Sample): Request =>
  new Request(`http://example.com:8080${sample.target}`, {
    method: sample.method,
    headers: sample.fields.map(([name, value]) => [name, value]),
    ...(sample.body === undefined ? {} : { body: Buffer.from(sample.body) }),
  });

const samples: Record<string, Sample> = {
  get: {
    method: "GET",
    target: "/a/b?x=1&y=a%20b",
    fields: [
      ["Host", "example.com:8080"],
      ["Accept", "*/*"],
    ],
    body: undefined,
  },
  head: { method: "HEAD", target: "/", fields: [["host", "example.com:8080"]], body: undefined },
  "odd target": {
    method: "GET",
    target: "/a/../b/%2e/c'd?q='é\"<",
    fields: [["host", "example.com:8080"]],
    body: undefined,
  },
  json: {
    method: "POST",
    target: "/fruit/",
    fields: [
      ["host", "example.com:8080"],
      ["Content-Type", "application/json"],
      ["content-length", "12"],
    ],
    body: Buffer.from('["PEAR", 12]'),
  },
  "json with a byte order mark": {
    method: "PUT",
    target: "/",
    fields: [["host", "example.com:8080"]],
    body: Buffer.from('\ufeff{"ä":"€😀"}'),
  },
  "not json": { method: "POST", target: "/", fields: [["host", "example.com:8080"]], body: Buffer.from("{nope") },
  "not utf-8": {
    method: "POST",
    target: "/",
    fields: [["host", "example.com:8080"]],
    body: Buffer.from([0x61, 0xff, 0xe2, 0x82, 0x62, 0xf0, 0x9f]),
  },
  form: {
    method: "POST",
    target: "/",
    fields: [
      ["host", "example.com:8080"],
      ["content-type", "application/x-www-form-urlencoded"],
    ],
    body: Buffer.from("a=1&b=two+words"),
  },
  "many fields": {
    method: "PATCH",
    target: "/",
    fields: [
      ["host", "example.com:8080"],
      ["X-Two", "a"],
      ["x-two", "b"],
      ["Cookie", "a=1"],
      ["cookie", "b=2"],
      ["set-cookie", "one=1"],
      ["Set-Cookie", "two=2"],
      ["x-latin", "caf\u00e9"],
      ["empty", ""],
      ["zz", "  padded\t"],
    ],
    body: Buffer.from("x"),
  },
};

/** What an operation comes to, in a form that can be compared. */
const outcome = async (work: () => unknown): Promise<unknown> => {
  try {
    return { value: comparable(await work()) };
  } catch (error) {
    return { error: `${(error as Error).name}: ${(error as Error).message}` };
  }
};

const comparable = (value: unknown): unknown => {
  if (value instanceof ArrayBuffer) return ["ArrayBuffer", ...new Uint8Array(value)];
  if (value instanceof Uint8Array) return [Object.prototype.toString.call(value), ...value];
  if (value instanceof FormData) return [...value];
  return value;
};

const drained = async (stream: ReadableStream<Uint8Array> | null): Promise<string | null> => {
  if (stream === null) return null;
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString("hex");
};

const operations: Record<string, (request: Request) => unknown> = {
  "instanceof Request": (request) => request instanceof Request,
  "toString tag": (request) => Object.prototype.toString.call(request),
  "constructor is Request": (request) => request.constructor === Request,
  "own keys": (request) => Reflect.ownKeys(request).filter((key) => typeof key === "string"),
  method: (request) => request.method,
  url: (request) => request.url,
  "parsed url": (request) => new URL(request.url).searchParams.get("x"),
  "plain members": (request) => [
    request.redirect,
    request.mode,
    request.credentials,
    request.cache,
    request.referrer,
    request.integrity,
    request.keepalive,
    request.duplex,
    request.destination,
  ],
  "headers instanceof": (request) => [
    request.headers instanceof Headers,
    Object.prototype.toString.call(request.headers),
  ],
  "headers are one object": (request) => request.headers === request.headers,
  "headers get": (request) =>
    ["HOST", "content-type", "x-two", "cookie", "set-cookie", "missing", "empty", "zz", "x-latin"].map((name) =>
      request.headers.get(name),
    ),
  "headers has": (request) => ["Host", "missing"].map((name) => request.headers.has(name)),
  "headers bad name": (request) => request.headers.get("a b"),
  "headers entries": (request) => [...request.headers],
  "headers keys and values": (request) => [[...request.headers.keys()], [...request.headers.values()]],
  "headers forEach": (request) => {
    const seen: string[] = [];
    // oxlint-disable-next-line unicorn/no-array-for-each
    request.headers.forEach((value, name, all) => seen.push(`${name}=${value} ${all === request.headers}`));
    return seen;
  },
  getSetCookie: (request) => request.headers.getSetCookie(),
  "headers copied": (request) => [...new Headers(request.headers)],
  "headers changed": (request) => {
    request.headers.set("x-two", "c");
    request.headers.append("x-new", "1");
    request.headers.delete("cookie");
    return [[...request.headers], request.headers.get("x-two"), [...request.clone().headers]];
  },
  "headers object entries": (request) => Object.fromEntries(request.headers.entries()),
  "bodyUsed before": (request) => request.bodyUsed,
  text: (request) => request.text(),
  json: (request) => request.json(),
  arrayBuffer: (request) => request.arrayBuffer(),
  "arrayBuffer size": async (request) => (await request.arrayBuffer()).byteLength,
  bytes: (request) => request.bytes(),
  blob: async (request) => {
    const blob = await request.blob();
    return [blob.size, blob.type, await blob.text()];
  },
  formData: (request) => request.formData(),
  "bodyUsed after": async (request) => {
    await request.text();
    return request.bodyUsed;
  },
  "bodyUsed at once": async (request) => {
    const reading = request.text();
    const used = request.bodyUsed;
    await reading;
    return used;
  },
  "text twice": async (request) => [await request.text(), await request.text()],
  "json after text": async (request) => [await request.text(), await request.json()],
  "clone after text": async (request) => {
    await request.text();
    return request.clone().text();
  },
  "clone, both read": async (request) => {
    const clone = request.clone();
    return [await clone.text(), await request.text(), clone.url, clone.method, clone instanceof Request];
  },
  "body kind": (request) => (request.body === null ? null : request.body instanceof ReadableStream),
  "body read": async (request) => [await drained(request.body), request.bodyUsed],
  "body locked, then text": async (request) => {
    request.body?.getReader();
    return request.text();
  },
  "body after text": async (request) => {
    await request.text();
    return [request.body === null, request.bodyUsed, request.body?.locked];
  },
  signal: (request) => [
    request.signal instanceof AbortSignal,
    request.signal.aborted,
    request.signal === request.signal,
  ],
  "type and text": async (request) => [request.headers.get("content-type"), await request.text(), request.method],
};

const cases = Object.keys(samples).flatMap((name) =>
  Object.keys(operations).flatMap((operation) =>
    (["whole", "pieces"] as const).map((arrival) => [name, operation, arrival] as const),
  ),
);

const broken = (): [Request, RequestBody] => {
  const body = new RequestBody(Buffer.from("ab"), false, flow);
  return [new LazyRequest(new RequestHead(encodeRequestHead(samples["json"]!)), body) as unknown as Request, body];
};

const headOf = (fields: [string, string][], target = "/"): RequestHead =>
  new RequestHead(encodeRequestHead({ method: "GET", target, fields }));

describe("a lazy request", () => {
  it.each(cases)("agrees with a real one: %s, %s, %s", async (name, operation, arrival) => {
    const sample = samples[name]!;
    const work = operations[operation]!;
    const expected = await outcome(() => work(realOf(sample)));
    expect(await outcome(() => work(lazyOf(sample, arrival)))).toEqual(expected);
  });

  it("gives the body of a GET, which no real one can have", async () => {
    const sample = { ...samples["get"]!, body: Buffer.from("body") };
    expect(await lazyOf(sample, "whole").text()).toBe("body");
    const looked = lazyOf(sample, "whole");
    expect(looked.body).toBeNull();
    expect(await looked.text()).toBe("body");
  });

  it("tells through its signal that the client is gone, before and after someone looks", () => {
    const gone = new DOMException("gone", "AbortError");
    const early = lazyOf(samples["json"]!, "whole");
    LazyRequest.abort(early as never, gone);
    expect(early.signal.aborted).toBe(true);
    expect(early.signal.reason).toBe(gone);
    const late = lazyOf(samples["json"]!, "whole");
    const { signal } = late;
    const clone = late.clone();
    expect(signal.aborted).toBe(false);
    LazyRequest.abort(late as never, gone);
    expect([signal.aborted, clone.signal.aborted]).toEqual([true, true]);
  });

  it("fails the reading of a body whose client goes away", async () => {
    const gone = new DOMException("gone", "AbortError");
    const [texting, textBody] = broken();
    const text = texting.text();
    textBody.fail(gone);
    await expect(text).rejects.toBe(gone);
    const [streaming, streamBody] = broken();
    const stream = drained(streaming.body);
    streamBody.fail(gone);
    await expect(stream).rejects.toBe(gone);
    const [later, laterBody] = broken();
    laterBody.fail(gone);
    await expect(later.text()).rejects.toBe(gone);
  });

  it("lets the body flow at its reader's pace", async () => {
    const calls: string[] = [];
    const body = new RequestBody(Buffer.from("ab"), false, {
      pause: () => calls.push("pause"),
      resume: () => calls.push("resume"),
    });
    const request = new LazyRequest(new RequestHead(encodeRequestHead(samples["json"]!)), body) as unknown as Request;
    expect(calls).toEqual(["pause"]);
    const reader = request.body!.getReader();
    expect(Buffer.from((await reader.read()).value).toString()).toBe("ab");
    const next = reader.read();
    expect(calls.at(-1)).toBe("resume");
    body.push(Buffer.from("cd"));
    expect(Buffer.from((await next).value).toString()).toBe("cd");
    body.push(Buffer.from("ef"));
    expect(calls.at(-1)).toBe("pause");
    body.end();
    expect(Buffer.from((await reader.read()).value).toString()).toBe("ef");
    expect((await reader.read()).done).toBe(true);
  });
});

describe("a request's head", () => {
  it("hides what belongs between two hops, what Connection names, and our own fields", () => {
    const head = headOf([
      ["Host", "h"],
      ["Connection", "close, X-Hop"],
      ["x-hop", "1"],
      ["Transfer-Encoding", "chunked"],
      ["Upgrade", "x"],
      ["Keep-Alive", "1"],
      ["TE", "trailers"],
      ["X-Manta-Retry", "1"],
      ["x-kept", "1"],
    ]);
    expect(head.fields).toEqual(["host", "h", "x-kept", "1"]);
  });

  it("carries route prefix, request id and client address", () => {
    const head = new RequestHead(
      encodeRequestHead({
        method: "GET",
        target: "/",
        fields: [],
        routePrefix: "/app",
        requestId: "id-1",
        clientAddress: "10.0.0.1",
      }),
    );
    expect([head.routePrefix, head.requestId, head.clientAddress]).toEqual(["/app", "id-1", "10.0.0.1"]);
  });

  it.each([
    ["/a b", "http://h/a%20b"],
    ["http://other/x", "http://other/x"],
    ["*", "http://h/"],
    ["//double", "http://h//double"],
    ["/a?b#c", "http://h/a?b#c"],
  ])("makes a whole URL of the target %s", (target, url) => {
    const text = target.replaceAll(" ", "%20");
    expect(headOf([["host", "h"]], text).url).toBe(url);
  });

  it("makes do without a usable host", () => {
    expect(headOf([]).url).toBe("http://localhost/");
    expect(headOf([["host", "bad host<>"]]).url).toBe("http://localhost/");
    expect(headOf([["host", "Example.COM:80"]]).url).toBe("http://example.com/");
  });

  it("refuses what is no head", () => {
    expect(() => new RequestHead(Buffer.alloc(4))).toThrow("protocol_error");
    expect(() => new RequestHead(Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 65]))).toThrow("without a request line");
  });
});
