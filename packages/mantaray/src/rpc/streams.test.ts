import { describe, expect, it } from "vitest";
import { waitFor } from "../base/wait.ts";
import { openLinks, wireKinds } from "./testing/links.ts";
import { InRecorder, OutRecorder } from "./testing/recorders.ts";
import { type InStreamHandler, type Link, openFlags, resetCodes, streamKinds } from "./types.ts";

const { http, invoke } = streamKinds;
const until = (what: string, probe: () => boolean): Promise<boolean> =>
  waitFor(probe, { timeoutMs: 10_000, what, intervalMs: 2 });

/** Accepts every stream of a kind and keeps it. */
const record = (link: Link, kind: typeof http | typeof invoke = invoke): InRecorder[] => {
  const streams: InRecorder[] = [];
  link.accept(kind, (stream, head, body) => {
    const recorder = new InRecorder(stream, head, body);
    streams.push(recorder);
    return recorder;
  });
  return streams;
};

describe.each(wireKinds)("a stream over %s", (kind) => {
  it("carries a small call in one frame each way, with the load", async () => {
    const links = await openLinks(kind);
    links.accepted.localLoad = 17;
    links.accepted.accept(invoke, (stream, head, body, end) => {
      const answer = Buffer.from(`${body.toString()}${end}`);
      const answerHead = Buffer.from(`re:${head.toString()}`);
      return answering(() => stream.respond(answerHead, answer, true));
    });
    const out = new OutRecorder();
    const stream = links.dialed.open(invoke, openFlags.end, 0, Buffer.from("h"), Buffer.from("b"), out);
    expect(stream.accepted).toBe(false);
    await until("the answer", () => out.ends === 1);
    expect(out.calls).toEqual(["response-end"]);
    expect([out.head, out.body, out.load]).toEqual(["re:h", "btrue", 17]);
    expect(stream.accepted).toBe(true);
    expect(links.dialed.streams + links.accepted.streams).toBe(0);
  });

  it("is opened by either side", async () => {
    const links = await openLinks(kind);
    links.dialed.accept(invoke, (stream, head, body) => {
      stream.respond(head, body, true);
      return null;
    });
    const out = new OutRecorder();
    links.accepted.open(invoke, openFlags.end, 0, Buffer.from("up"), Buffer.from("hill"), out);
    await until("the answer", () => out.ends === 1);
    expect(out.head + out.body).toBe("uphill");
  });
});

describe.each(wireKinds)("the body of a stream over %s", (kind) => {
  it("carries bodies both ways at once, intact, in order", async () => {
    const links = await openLinks(kind);
    const total = 3_000_000;
    const block = Buffer.from(Array.from({ length: 100_003 }, (_, index) => index % 251));
    links.accepted.accept(http, (stream, head) => {
      stream.respond(head, null, false);
      return {
        onStart: () => {},
        // An echo must copy: the view ends with the call.
        onData: (chunk) => void stream.write(Buffer.from(chunk)),
        onEnd: () => stream.end(),
        onReset: () => {},
        onWritable: () => {},
      };
    });
    const out = new OutRecorder();
    const stream = links.dialed.open(http, 0, 0, Buffer.from("echo"), null, out);
    const sent: Buffer[] = [];
    for (let bytes = 0; bytes < total; bytes += block.length) {
      sent.push(block);
      stream.write(block);
    }
    stream.end();
    await until("the echo", () => out.ends === 1);
    expect(out.calls.at(-1)).toBe("end");
    expect(Buffer.concat(out.parts).equals(Buffer.concat(sent))).toBe(true);
  });

  it("stops a writer whose reader pauses, and loses nothing", async () => {
    const links = await openLinks(kind);
    const streams = record(links.accepted, http);
    const out = new OutRecorder();
    const stream = links.dialed.open(http, 0, 0, Buffer.alloc(0), null, out);
    await until("the stream", () => streams.length === 1);
    const reader = streams[0] as InRecorder;
    reader.stream.pause();
    let writes = 0;
    while (stream.write(Buffer.alloc(10_000, writes % 256))) writes += 1;
    writes += 1;
    expect(writes).toBeLessThan(40);
    await until("the window is full", () => reader.bytes >= 250_000);
    expect(out.writable).toBe(0);
    reader.stream.resume();
    await until("room", () => out.writable === 1);
    stream.end();
    await until("the end", () => reader.calls.at(-1) === "end");
    expect(reader.bytes).toBe(writes * 10_000);
    for (const [index, byte] of Buffer.concat(reader.parts).entries()) {
      if (byte !== Math.floor(index / 10_000) % 256) throw new Error(`byte ${index} is wrong`);
    }
  });

  it("sends a body of any size given at once, as question and as answer", async () => {
    const links = await openLinks(kind);
    const body = Buffer.alloc(5_000_000, "abcdefg");
    const streams = record(links.accepted);
    const out = new OutRecorder();
    links.dialed.open(invoke, openFlags.end, 0, Buffer.from("big"), body, out);
    await until("the question", () => streams[0]?.calls.at(-1) === "end");
    const got = streams[0] as InRecorder;
    expect(Buffer.concat(got.parts).equals(body)).toBe(true);
    got.stream.respond(Buffer.from("big too"), Buffer.concat(got.parts), true);
    await until("the answer", () => out.ends === 1);
    expect(Buffer.concat(out.parts).equals(body)).toBe(true);
  });

  it("keeps the cuts of writes up to a frame, except for byte streams", async () => {
    const links = await openLinks(kind);
    const streams = record(links.accepted);
    const stream = links.dialed.open(invoke, 0, 0, Buffer.alloc(0), null, new OutRecorder());
    const sizes = Array.from({ length: 60 }, (_, index) => (index * 7_919) % 65_537);
    for (const size of sizes) stream.write(Buffer.alloc(size, 1));
    stream.end();
    await until("the end", () => streams[0]?.calls.at(-1) === "end");
    expect(streams[0]?.parts.map((part) => part.length)).toEqual(sizes.filter((size) => size > 0));
  });
});

describe.each(wireKinds)("the end of a stream over %s", (kind) => {
  it("is canceled by its opener", async () => {
    const links = await openLinks(kind);
    const streams = record(links.accepted);
    const out = new OutRecorder();
    const stream = links.dialed.open(invoke, openFlags.end, 0, Buffer.from("h"), null, out);
    await until("the stream", () => streams.length === 1);
    stream.reset(resetCodes.canceled, "enough");
    stream.reset(resetCodes.canceled, "twice");
    await until("the reset", () => streams[0]?.reset !== undefined);
    expect(streams[0]?.reset).toEqual({ code: resetCodes.canceled, message: "enough" });
    streams[0]?.stream.respond(Buffer.from("late"), null, true);
    expect(streams[0]?.stream.write(Buffer.from("late"))).toBe(true);
    expect(out.calls).toEqual([]);
    expect(links.dialed.streams + links.accepted.streams).toBe(0);
  });

  it("is reset by its acceptor in the middle of the answer", async () => {
    const links = await openLinks(kind);
    const streams = record(links.accepted);
    const out = new OutRecorder();
    links.dialed.open(invoke, openFlags.end, 0, Buffer.from("h"), null, out);
    await until("the stream", () => streams.length === 1);
    const { stream } = streams[0] as InRecorder;
    stream.respond(Buffer.from("head"), Buffer.from("some"), false);
    stream.reset(resetCodes.internal, "é".repeat(2_000));
    await until("the reset", () => out.ends === 1);
    expect(out.calls).toEqual(["response", "reset"]);
    expect(out.reset).toEqual({ code: resetCodes.internal, message: "é".repeat(512), accepted: true });
    expect(streams[0]?.calls).toEqual(["start"]);
  });

  it("ends with the answer, even where the opener still sends", async () => {
    const links = await openLinks(kind);
    const streams = record(links.accepted);
    const out = new OutRecorder();
    const stream = links.dialed.open(invoke, 0, 0, Buffer.from("h"), Buffer.from("part"), out);
    await until("the stream", () => streams.length === 1);
    (streams[0] as InRecorder).stream.respond(Buffer.from("no need"), null, true);
    stream.write(Buffer.from("crossing"));
    await until("the answer", () => out.ends === 1);
    expect(stream.write(Buffer.from("more"))).toBe(true);
    stream.end();
    const again = new OutRecorder();
    links.dialed.open(invoke, openFlags.end, 0, Buffer.from("next"), null, again);
    await until("the next stream", () => streams.length === 2);
    expect(streams[1]?.body).toBe("");
    expect(streams[0]?.body).toBe("part");
  });

  it("ends on both sides when its deadline passes", async () => {
    const links = await openLinks(kind);
    const streams = record(links.accepted);
    const out = new OutRecorder();
    links.dialed.open(invoke, openFlags.end | openFlags.acceptRequired, 60, Buffer.from("h"), null, out);
    await until("the deadline", () => out.ends === 1 && streams[0]?.reset !== undefined);
    expect(out.reset).toMatchObject({ code: resetCodes.deadlineExceeded, accepted: true });
    expect(streams[0]?.reset?.code).toBe(resetCodes.deadlineExceeded);
    expect(streams[0]?.stream.deadlineMs).toBe(60);
    expect(links.dialed.streams + links.accepted.streams).toBe(0);
  });

  it("is refused where nobody serves its kind", async () => {
    const links = await openLinks(kind);
    const out = new OutRecorder();
    links.dialed.open(http, openFlags.end, 0, Buffer.from("h"), null, out);
    await until("the refusal", () => out.ends === 1);
    expect(out.reset).toMatchObject({ code: resetCodes.refused, accepted: false });
    expect(out.reset?.message).toContain("http");
  });
});

describe.each(wireKinds)("many streams over %s", (kind) => {
  it("carries ten thousand streams, each its own", async () => {
    const links = await openLinks(kind, {
      setup: (link) =>
        link.accept(invoke, (stream, head, body) => {
          const answer = Buffer.concat([head, body]);
          return answering(() => stream.respond(answer, answer, true));
        }),
    });
    const outs = Array.from({ length: 10_000 }, () => new OutRecorder());
    for (const [index, out] of outs.entries()) {
      links.dialed.open(
        invoke,
        openFlags.end,
        30_000,
        Buffer.from(`${index}-`),
        Buffer.from("x".repeat(index % 90)),
        out,
      );
    }
    expect(links.dialed.streams).toBe(10_000);
    await until("all answers", () => outs.every((out) => out.ends === 1));
    for (const [index, out] of outs.entries()) expect(out.head).toBe(`${index}-${"x".repeat(index % 90)}`);
    expect(links.dialed.streams + links.accepted.streams).toBe(0);
  });

  it("survives the reuse of its slot past the last generation", async () => {
    const links = await openLinks(kind, {
      setup: (link) => link.accept(invoke, (stream) => answering(() => stream.respond(Buffer.alloc(1), null, true))),
    });
    let answered = 0;
    // Two generations a round: past 65,536.
    const count = 35_000;
    await new Promise<void>((resolve) => {
      const next = (): void => {
        const out = new OutRecorder();
        out.onResponse = () => {
          answered += 1;
          if (answered === count) resolve();
          else next();
        };
        const stream = links.dialed.open(invoke, openFlags.end, 0, Buffer.alloc(1), null, new OutRecorder());
        stream.reset(resetCodes.canceled);
        links.dialed.open(invoke, openFlags.end, 0, Buffer.alloc(1), null, out);
      };
      next();
    });
    expect(answered).toBe(count);
  });
});

const answering = (onStart: () => void): InStreamHandler => ({
  onStart,
  onData: () => {},
  onEnd: () => {},
  onReset: () => {},
  onWritable: () => {},
});
