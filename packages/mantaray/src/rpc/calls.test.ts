import { describe, expect, it } from "vitest";
import { z } from "zod";
import { MantaError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import { waitFor } from "../base/wait.ts";
import { defineService, nothing, streaming, unary } from "../protocol/service.ts";
import { type Client, createClient } from "./client.ts";
import { type Implementation, serveService } from "./serve-service.ts";
import { type Links, openLinks, wireKinds } from "./testing/links.ts";
import { type InStream, streamKinds } from "./types.ts";

const bytes = z.instanceof(Uint8Array);
const fruit = defineService("fruit", {
  price: unary(z.object({ name: z.string(), amount: z.number().int().default(1) }), z.object({ total: z.number() })),
  store: unary(z.object({ value: bytes }), z.object({ value: bytes.nullable() })),
  wait: unary(nothing, nothing),
  broken: unary(nothing, z.object({ count: z.number() })),
  list: streaming(
    z.object({ count: z.number(), size: z.number().default(0) }),
    z.object({ index: z.number(), filler: z.string() }),
  ),
});
const other = defineService("other", { hello: unary(nothing, z.object({ from: z.string() })) });

const until = (what: string, probe: () => boolean): Promise<boolean> =>
  waitFor(probe, { timeoutMs: 10_000, what, intervalMs: 2 });

/** An implementation that tells what became of its calls. */
class Market implements Implementation<typeof fruit> {
  aborted = 0;
  yielded = 0;
  closed = 0;

  async price({ name, amount }: { name: string; amount: number }) {
    if (name === "plum") throw new MantaError("not_found", "no plums", { details: { name } });
    if (name === "pip") throw new RangeError("a defect");
    return { total: amount * 2 };
  }

  async store({ value }: { value: Uint8Array<ArrayBuffer> }) {
    return { value };
  }

  wait(_request: object, { signal }: { signal: AbortSignal }) {
    return new Promise<Record<string, never>>((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        this.aborted += 1;
        reject(signal.reason as Error);
      });
    });
  }

  broken() {
    return { count: "many" as unknown as number };
  }

  async *list({ count, size }: { count: number; size: number }) {
    try {
      for (let index = 0; index < count; index += 1) {
        this.yielded += 1;
        yield { index, filler: "x".repeat(size) };
      }
      if (count === 13) throw new MantaError("queue_full", "unlucky");
    } finally {
      this.closed += 1;
    }
  }
}

interface Served {
  readonly client: Client<typeof fruit>;
  readonly market: Market;
  readonly links: Links;
}

const serve = async (kind: (typeof wireKinds)[number]): Promise<Served> => {
  const market = new Market();
  const links = await openLinks(kind, { setup: (link) => serveService(link, fruit, market) });
  return { client: createClient(links.dialed, fruit), market, links };
};

const failure = async (promise: Promise<unknown>): Promise<MantaError> => {
  try {
    await promise;
  } catch (error) {
    return error as MantaError;
  }
  throw new Error("it did not fail");
};

const drain = async (iterator: AsyncIterator<unknown>): Promise<void> => {
  while ((await iterator.next()).done !== true) continue;
};

describe.each(wireKinds)("control calls over %s", (kind) => {
  it("answer, with defaults filled in, on several services of one link", async () => {
    const served = await serve(kind);
    expect(await served.client.price({ name: "pear" })).toEqual({ total: 2 });
    serveService(served.links.accepted, other, { hello: (_request, { peer }) => ({ from: peer.role }) });
    expect((await createClient(served.links.dialed, other).hello({})).from).toBe(served.links.accepted.peer.role);
    expect(await served.client.price({ name: "pear", amount: 4 })).toEqual({ total: 8 });
  });

  it("carry errors with code, message and details, and an application's own with its name", async () => {
    const served = await serve(kind);
    const missing = await failure(served.client.price({ name: "plum" }));
    expect(missing).toMatchObject({ code: "not_found", rawMessage: "no plums", details: { name: "plum" } });
    const defect = await failure(served.client.price({ name: "pip" }));
    expect(defect).toMatchObject({ code: "internal", rawMessage: "a defect", remote: { name: "RangeError" } });
  });

  it("check requests on both ends, and answers", async () => {
    const served = await serve(kind);
    const wrong = { name: "pear", amount: 1.5 };
    const local = await failure(served.client.price(wrong));
    expect(local.message).toMatch(/^\[invalid_argument\] fruit\.price: amount: .*int/);
    // A client without the rule gets it from the other end.
    const loose = defineService("fruit", { price: unary(z.any(), z.any()), nothing: unary(nothing, nothing) });
    const remote = await failure(createClient(served.links.dialed, loose).price(wrong));
    expect(remote.message).toMatch(/^\[invalid_argument\] fruit\.price: amount: .*int/);
    expect((await failure(served.client.broken({}))).message).toMatch(
      /^\[internal\] fruit\.broken gave an answer .*count/,
    );
    expect((await failure(createClient(served.links.dialed, loose).nothing({}))).code).toBe("unimplemented");
    expect((await failure(createClient(served.links.accepted, fruit).price({ name: "x" }))).code).toBe("unimplemented");
  });
});

describe.each(wireKinds)("the bounds of control calls over %s", (kind) => {
  it("carry big messages both ways, up to a limit", async () => {
    const served = await serve(kind);
    for (const size of [0, 1, 65_520, 65_536, 5_000_000]) {
      const value = new Uint8Array(size).map((_, index) => index % 253);
      const answer = await served.client.store({ value });
      expect(Buffer.compare(answer.value as Uint8Array, value)).toBe(0);
    }
    const tooBig = await failure(served.client.store({ value: new Uint8Array(limits.controlMessageBytesMax) }));
    expect(tooBig.code).toBe("payload_too_large");
  });

  it("refuse an answer over the limit while it comes in", async () => {
    const links = await openLinks(kind);
    let stream: InStream | undefined;
    let resets = 0;
    links.accepted.accept(streamKinds.call, (opened) => {
      stream = opened;
      const part = Buffer.alloc(1024 * 1024);
      const fill = (): void => {
        while (opened.write(part)) continue;
      };
      return {
        onStart: () => {
          opened.respond(Buffer.alloc(0), null, false);
          fill();
        },
        onData: () => {},
        onEnd: () => {},
        onReset: () => {
          resets += 1;
        },
        onWritable: fill,
      };
    });
    expect((await failure(createClient(links.dialed, fruit).store({ value: new Uint8Array(1) }))).code).toBe(
      "payload_too_large",
    );
    await until("the reset", () => resets === 1);
    expect(stream?.link.closed).toBe(false);
  });

  it("end by their timeout and by their caller, and the implementation learns it", async () => {
    const served = await serve(kind);
    const late = await failure(served.client.wait({}, { timeoutMs: 60 }));
    expect(late.message).toBe("[deadline_exceeded] fruit.wait: no answer within 60 ms");
    await until("the abort", () => served.market.aborted === 1);
    const stop = new AbortController();
    const waiting = failure(served.client.wait({}, { signal: stop.signal }));
    await until("the call", () => served.links.accepted.streams === 1);
    stop.abort();
    expect((await waiting).code).toBe("canceled");
    expect((await failure(served.client.wait({}, { signal: stop.signal }))).code).toBe("canceled");
    await until("the abort", () => served.market.aborted === 2);
    const lost = failure(served.client.wait({}));
    await until("the call", () => served.links.accepted.streams === 1);
    served.links.dialed.close();
    expect((await lost).code).toBe("link_lost");
    await until("the abort", () => served.market.aborted === 3);
    expect((await failure(served.client.price({ name: "pear" }))).code).toBe("link_lost");
  });
});

describe.each(wireKinds)("streaming calls over %s", (kind) => {
  it("stream items in order, small and large", async () => {
    const served = await serve(kind);
    const sizes = [
      { count: 0, size: 0 },
      { count: 2_000, size: 5 },
      { count: 20, size: 200_000 },
    ];
    for (const { count, size } of sizes) {
      const indexes: number[] = [];
      for await (const item of served.client.list({ count, size })) {
        indexes.push(item.index);
        expect(item.filler.length).toBe(size);
      }
      expect(indexes).toEqual(Array.from({ length: count }, (_, index) => index));
    }
    expect(served.market.closed).toBe(3);
  });

  it("stream an error behind the items before it", async () => {
    const served = await serve(kind);
    const seen: number[] = [];
    const error = await failure(
      (async () => {
        for await (const { index } of served.client.list({ count: 13 })) seen.push(index);
      })(),
    );
    expect(seen).toHaveLength(13);
    expect(error).toMatchObject({ code: "queue_full", rawMessage: "unlucky" });
    const wrong = served.client.list({ count: "x" as unknown as number });
    expect((await failure(drain(wrong[Symbol.asyncIterator]()))).code).toBe("invalid_argument");
  });

  it("hold a source whose consumer is slow, and end it when the consumer leaves", async () => {
    const served = await serve(kind);
    const iterator = served.client.list({ count: 1_000_000, size: 1_000 })[Symbol.asyncIterator]();
    await iterator.next();
    let before = -1;
    await waitFor(
      () => {
        const still = served.market.yielded === before;
        before = served.market.yielded;
        return still;
      },
      { timeoutMs: 10_000, what: "the source to stop", intervalMs: 100 },
    );
    expect(served.market.yielded).toBeLessThan(2_000);
    for (let index = 1; index < 3_000; index += 1) expect((await iterator.next()).value.index).toBe(index);
    await iterator.return?.();
    await until("the end of the source", () => served.market.closed === 1);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    for await (const { index } of served.client.list({ count: 100_000 })) if (index === 5) break;
    await until("the end of the source", () => served.market.closed === 2 && served.links.accepted.streams === 0);
  });

  it("end a stream of items by signal and by the loss of the link", async () => {
    const served = await serve(kind);
    const stop = new AbortController();
    const canceled = served.client.list({ count: 1e9 }, { signal: stop.signal })[Symbol.asyncIterator]();
    await canceled.next();
    stop.abort();
    expect((await failure(drain(canceled))).code).toBe("canceled");
    const lost = served.client.list({ count: 1e9 })[Symbol.asyncIterator]();
    await lost.next();
    served.links.accepted.close();
    expect((await failure(drain(lost))).code).toBe("link_lost");
    await until("the end of the sources", () => served.market.closed === 2);
  });
});
