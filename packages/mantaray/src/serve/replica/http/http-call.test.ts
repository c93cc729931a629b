import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { MantaError } from "../../../base/errors.ts";
import { waitFor } from "../../../base/wait.ts";
import { resetCodes } from "../../../rpc/types.ts";
import { getRequestContext } from "../../api/context.ts";
import { deployment } from "../../api/deployment.ts";
import { type OpenedAnswer, openRequest } from "../fixtures/http-opener.ts";
import { ReplicaNetwork } from "../fixtures/replica-network.ts";
import { installWebGlobals } from "./web-globals.ts";

let uninstall: () => void;
beforeAll(() => {
  uninstall = installWebGlobals();
});
afterAll(() => uninstall());

const networks: ReplicaNetwork[] = [];
afterEach(async () => {
  for (const network of networks.splice(0)) await network.close();
});

type Handler = (request: Request) => unknown;
type Parts = Partial<Parameters<typeof openRequest>[1]>;

const serve = async (
  handler: Handler,
  maxOngoingRequests = 5,
): Promise<Awaited<ReturnType<ReplicaNetwork["link"]>>> => {
  const network = await ReplicaNetwork.start(deployment(handler, { name: "Handler" }).bind(), {
    Handler: { maxOngoingRequests },
  });
  networks.push(network);
  return network.link("Handler");
};

const ask = async (handler: Handler, parts: Parts = {}): Promise<OpenedAnswer> =>
  openRequest(await serve(handler), { method: "GET", target: "/", ...parts }).answer;

const brief = ({ status, fields, streamed, bodyless, body }: OpenedAnswer): unknown => [
  status,
  fields["content-type"],
  fields["content-length"] ?? fields["transfer-encoding"],
  streamed,
  bodyless,
  body.toString(),
];

const chunked = (...chunks: (string | Uint8Array)[]): ReadableStream =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(Buffer.from(chunk as string));
      controller.close();
    },
  });

class Circular {
  readonly self = this;
}
class Own extends Response {}

const returned: [string, Handler, unknown][] = [
  ["text", () => "häß", [200, "text/plain; charset=utf-8", "5", false, false, "häß"]],
  ["a number", () => 12, [200, "application/json", "2", false, false, "12"]],
  ["an object", async () => ({ a: [1, "ä"] }), [200, "application/json", "14", false, false, '{"a":[1,"ä"]}']],
  ["nothing", () => undefined, [200, "text/plain; charset=utf-8", "0", false, false, ""]],
  ["null", async () => null, [200, "text/plain; charset=utf-8", "0", false, false, ""]],
  ["false", () => false, [200, "application/json", "5", false, false, "false"]],
  ["bytes", () => new Uint8Array([65, 66]), [200, "text/plain", "2", false, false, "AB"]],
  ["an array", () => [1, [2]], [200, "application/json", "7", false, false, "[1,[2]]"]],
  ["a response", () => new Response("x", { status: 201 }), [201, "text/plain;charset=UTF-8", "1", false, false, "x"]],
  ["a response without body", () => new Response(null, { status: 204 }), [204, undefined, undefined, false, true, ""]],
  ["a response of json", () => Response.json({ a: 1 }), [200, "application/json", "7", false, false, '{"a":1}']],
  ["an empty response", () => new Response(), [200, undefined, "0", false, false, ""]],
  ["a subclass", () => new Own("own"), [200, "text/plain;charset=UTF-8", "3", false, false, "own"]],
  ["a clone", () => new Response("abc").clone(), [200, "text/plain;charset=UTF-8", "3", false, false, "abc"]],
  ["a short stream", () => new Response(chunked("a", "b")), [200, undefined, "2", false, false, "ab"]],
  [
    "a generator",
    async function* () {
      yield "a";
      yield { b: 1 };
      yield Buffer.from("c");
    },
    [200, "text/plain; charset=utf-8", "10", false, false, 'a{"b":1}\nc'],
  ],
  [
    "a blob",
    () => new Response(new Blob(["blob"], { type: "text/x" })),
    [200, "text/x", "chunked", true, false, "blob"],
  ],
  [
    "a thrown response",
    () => {
      throw new Response("no", { status: 403 });
    },
    [403, "text/plain;charset=UTF-8", "2", false, false, "no"],
  ],
  [
    "a rejected response",
    async () => Promise.reject(new Response("no", { status: 403 })),
    [403, "text/plain;charset=UTF-8", "2", false, false, "no"],
  ],
  [
    "an error",
    () => {
      throw new Error("boom");
    },
    [500, "text/plain; charset=utf-8", "21", false, false, "Internal Server Error"],
  ],
  [
    "a rejected error",
    async () => Promise.reject(new Error("boom")),
    [500, "text/plain; charset=utf-8", "21", false, false, "Internal Server Error"],
  ],
  ["no json", () => new Circular(), [500, "text/plain; charset=utf-8", "21", false, false, "Internal Server Error"]],
  ["a symbol", () => Symbol("x"), [500, "text/plain; charset=utf-8", "21", false, false, "Internal Server Error"]],
  [
    "Response.error()",
    () => Response.error(),
    [500, "text/plain; charset=utf-8", "21", false, false, "Internal Server Error"],
  ],
  [
    "a failing generator",
    async function* () {
      if (networks.length > 0) throw new Error("boom");
      yield "a";
    },
    [500, "text/plain; charset=utf-8", "21", false, false, "Internal Server Error"],
  ],
  [
    "an overload downstream",
    () => {
      throw new MantaError("queue_full", "Request dropped due to backpressure");
    },
    [503, "text/plain; charset=utf-8", "35", false, false, "Request dropped due to backpressure"],
  ],
];

describe("what a handler returns", () => {
  it.each(returned)("%s", async (_name, handler, expected) => {
    expect(brief(await ask(handler))).toEqual(expected);
  });

  it("sends a response once: the second time it is used", async () => {
    const response = new Response("x");
    const link = await serve(() => response);
    const parts = { method: "GET", target: "/" };
    expect((await openRequest(link, parts).answer).status).toBe(200);
    expect((await openRequest(link, parts).answer).status).toBe(500);
  });

  it("answers HEAD with the length and no body", async () => {
    const head = { method: "HEAD" };
    expect(brief(await ask(() => "four", head))).toEqual([200, "text/plain; charset=utf-8", "4", false, true, ""]);
    const declared = new Response(null, { headers: { "content-length": "77" } });
    expect(brief(await ask(() => declared, head))).toEqual([200, undefined, "77", false, true, ""]);
    let canceled = false;
    const endless = new ReadableStream({ cancel: () => void (canceled = true) });
    expect(brief(await ask(() => new Response(endless), head))).toEqual([200, undefined, undefined, false, true, ""]);
    expect(canceled).toBe(true);
  });
});

describe("heads", () => {
  it("carry request id, date and the application's fields, without what belongs between two hops", async () => {
    const headers = new Headers([
      ["X-Own", "1"],
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["connection", "x-own"],
      ["transfer-encoding", "gzip"],
      ["content-length", "999"],
      ["x-request-id", "theirs"],
      ["x-latin", "caf\u00e9"],
    ]);
    const answer = await ask(() => new Response("x", { headers, statusText: "Fine" }), { requestId: "id-7" });
    expect(answer.statusLine).toBe("HTTP/1.1 200 Fine");
    expect(answer.cookies).toEqual(["a=1", "b=2"]);
    const { date, ...fields } = answer.fields;
    expect(Math.abs(Date.parse(date!) - Date.now())).toBeLessThan(5_000);
    expect(fields).toEqual({
      "content-type": "text/plain;charset=UTF-8",
      "set-cookie": "b=2",
      "x-own": "1",
      "x-latin": "caf\u00e9",
      "content-length": "1",
      "x-request-id": "id-7",
    });
  });

  it("cannot be broken by what only looks like a response", async () => {
    const forged = {
      [Symbol.toStringTag]: "Response",
      status: 200,
      statusText: "",
      body: null,
      bodyUsed: false,
      url: "",
      headers: new Map([["x", "1\r\nset-cookie: a=1"]]),
    };
    expect((await ask(() => forged)).status).toBe(500);
  });
});

describe("requests", () => {
  it("reach the handler with url, fields and body", async () => {
    const answer = await ask(
      async (request) => [
        request.method,
        request.url,
        request.headers.get("x-a"),
        await request.json(),
        request instanceof Request,
      ],
      {
        method: "POST",
        target: "/fruit/?a=1",
        fields: [
          ["Host", "test:8000"],
          ["X-A", "1"],
        ],
        body: '["PEAR", 12]',
      },
    );
    expect(JSON.parse(answer.body.toString())).toEqual([
      "POST",
      "http://test:8000/fruit/?a=1",
      "1",
      ["PEAR", 12],
      true,
    ]);
  });

  it("know where they come from by getRequestContext, across awaits", async () => {
    const answer = await ask(
      async () => {
        await delay(1);
        const context = getRequestContext();
        return [
          context?.requestId,
          context?.route,
          context?.clientAddress,
          context?.appName,
          (context?.remainingMs ?? 0) > 1_000,
        ];
      },
      { requestId: "id-9", routePrefix: "/app", clientAddress: "10.1.2.3", deadlineMs: 5_000 },
    );
    expect(JSON.parse(answer.body.toString())).toEqual(["id-9", "/app", "10.1.2.3", "test", true]);
    expect(getRequestContext()).toBeUndefined();
  });
});

describe("request bodies", () => {
  it("pass byte for byte, both ways", async () => {
    const body = Buffer.alloc(3_000_000, "0123456789abcdef");
    const link = await serve(async (request) => request.bytes());
    const request = openRequest(link, { method: "POST", target: "/", open: true });
    for (let at = 0; at < body.length; at += 60_000) {
      if (request.stream.write(body.subarray(at, at + 60_000))) continue;
      await new Promise<void>((resolve) => {
        request.onWritable = resolve;
      });
    }
    request.stream.end();
    expect((await request.answer).body.equals(body)).toBe(true);
  });

  it("are echoed as they come", async () => {
    const link = await serve((request) => new Response(request.body));
    const request = openRequest(link, { method: "POST", target: "/", open: true });
    expect((await request.head).streamed).toBe(true);
    for (const part of ["one", "two"]) {
      request.stream.write(Buffer.from(part));
      await waitFor(() => request.received().toString().endsWith(part), {
        timeoutMs: 2_000,
        what: `the echo of ${part}`,
      });
    }
    request.stream.end();
    expect((await request.answer).body.toString()).toBe("onetwo");
  });

  it("hold a sender back while nobody reads", async () => {
    const gate = Promise.withResolvers<void>();
    const link = await serve(async (request) => {
      await gate.promise;
      return (await request.arrayBuffer()).byteLength;
    });
    const request = openRequest(link, { method: "POST", target: "/", open: true });
    const chunk = Buffer.alloc(60_000);
    let sent = 0;
    while (request.stream.write(chunk)) sent += chunk.length;
    sent += chunk.length;
    expect(sent).toBeLessThan(600_000);
    gate.resolve();
    request.stream.end();
    expect((await request.answer).body.toString()).toBe(String(sent));
  });

  it("need not have come before the answer, when the handler does not want it", async () => {
    const late = Promise.withResolvers<unknown>();
    const link = await serve((request) => {
      request.text().catch((error: unknown) => late.resolve((error as Error).name));
      return "early";
    });
    const request = openRequest(link, { method: "POST", target: "/", body: "part", open: true });
    expect((await request.answer).body.toString()).toBe("early");
    expect(await late.promise).toBe("AbortError");
  });
});

const declared =
  (length: number, ...pieces: string[]): Handler =>
  () => {
    const stream = new ReadableStream({
      async pull(controller) {
        await delay(2);
        const piece = pieces.shift();
        if (piece === undefined) controller.close();
        else controller.enqueue(Buffer.from(piece));
      },
    });
    return new Response(stream, { headers: { "content-length": String(length) } });
  };

describe("streams", () => {
  it("send the head at once, the pieces as they come", async () => {
    const gate = Promise.withResolvers<void>();
    const link = await serve(async function* () {
      await gate.promise;
      yield "data: 1\n\n";
    });
    const request = openRequest(link, { method: "GET", target: "/" });
    expect((await request.head).fields["transfer-encoding"]).toBe("chunked");
    gate.resolve();
    expect((await request.answer).body.toString()).toBe("data: 1\n\n");
  });

  it("produce at the pace of a slow reader, and end when the client goes", async () => {
    let produced = 0;
    let ended = false;
    const piece = Buffer.alloc(50_000);
    const link = await serve(async function* () {
      try {
        for (;;) {
          produced += 1;
          yield piece;
        }
      } finally {
        ended = true;
      }
    });
    const request = openRequest(link, { method: "GET", target: "/" });
    request.stream.pause();
    await request.head;
    await waitFor(() => produced > 4, { timeoutMs: 2_000, what: "the first pieces" });
    await new Promise((resolve) => setImmediate(resolve));
    expect(produced).toBeLessThan(20);
    request.stream.reset(resetCodes.canceled);
    await waitFor(() => ended, { timeoutMs: 2_000, what: "the generator's end" });
    await waitFor(() => link.streams === 0, { timeoutMs: 2_000, what: "the stream's end" });
  });

  it("are cut when they fail after the head", async () => {
    const gate = Promise.withResolvers<void>();
    const link = await serve(async function* () {
      yield "a";
      await gate.promise;
      throw new Error("boom");
    });
    const request = openRequest(link, { method: "GET", target: "/" });
    await request.head;
    gate.resolve();
    await expect(request.answer).rejects.toThrow(`reset:${resetCodes.internal}`);
  });

  it("keep a declared length, and are cut when they break it", async () => {
    const whole = await ask(declared(4, "ab", "cd"));
    expect(brief(whole)).toEqual([200, undefined, "4", false, false, "abcd"]);
    await expect(ask(declared(5, "ab", "cd"))).rejects.toThrow(`reset:${resetCodes.internal}`);
    await expect(ask(declared(3, "ab", "cd"))).rejects.toThrow(`reset:${resetCodes.internal}`);
  });
});

describe("a client that goes away", () => {
  it("aborts the request's signal", async () => {
    const seen = Promise.withResolvers<unknown>();
    const started = Promise.withResolvers<void>();
    const link = await serve(async ({ signal }) => {
      signal.addEventListener("abort", () => seen.resolve((signal.reason as Error).name));
      started.resolve();
      await seen.promise;
    });
    const request = openRequest(link, { method: "GET", target: "/" });
    await started.promise;
    request.stream.reset(resetCodes.canceled);
    expect(await seen.promise).toBe("AbortError");
  });

  it("counts as ongoing until the handler is done", async () => {
    const gate = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const link = await serve(async () => {
      started.resolve();
      await gate.promise;
    }, 1);
    const first = openRequest(link, { method: "GET", target: "/" });
    await started.promise;
    first.stream.reset(resetCodes.canceled);
    await expect(openRequest(link, { method: "GET", target: "/" }).answer).rejects.toThrow("rejected:1");
    gate.resolve();
    await waitFor(
      async () => (await openRequest(link, { method: "GET", target: "/" }).answer.catch(() => undefined)) !== undefined,
      {
        timeoutMs: 2_000,
        what: "a free place",
      },
    );
  });

  it("and one whose time is up sees a TimeoutError", async () => {
    const seen = Promise.withResolvers<unknown>();
    const link = await serve(async ({ signal }) => {
      signal.addEventListener("abort", () => seen.resolve((signal.reason as Error).name));
      await seen.promise;
    });
    const request = openRequest(link, { method: "GET", target: "/", deadlineMs: 30 });
    await expect(request.answer).rejects.toThrow("reset:");
    expect(await seen.promise).toBe("TimeoutError");
  });
});
