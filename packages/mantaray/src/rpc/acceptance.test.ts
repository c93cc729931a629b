import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { waitFor } from "../base/wait.ts";
import { openLinks, wireKinds } from "./testing/links.ts";
import { Peer } from "./testing/peer.ts";
import { InRecorder, OutRecorder } from "./testing/recorders.ts";
import { type Link, openFlags, resetCodes, streamKinds } from "./types.ts";

const { invoke } = streamKinds;
const must = openFlags.end | openFlags.acceptRequired;
const until = (what: string, probe: () => boolean): Promise<boolean> =>
  waitFor(probe, { timeoutMs: 10_000, what, intervalMs: 2 });

describe.each(wireKinds)("acceptance over %s", (kind) => {
  it("decides over all streams of one read before user code of the first begins", async () => {
    const events: string[] = [];
    const streams: InRecorder[] = [];
    const links = await openLinks(kind, {
      setup: (link) =>
        link.accept(invoke, (stream, head, body) => {
          events.push(`decide ${head.toString()}`);
          const recorder = new InRecorder(stream, head, body);
          recorder.onStart = () => void events.push(`start ${recorder.head}`);
          streams.push(recorder);
          return recorder;
        }),
    });
    const outs = ["a", "b", "c"].map((name) => {
      const out = new OutRecorder();
      return { out, stream: links.dialed.open(invoke, must, 0, Buffer.from(name), null, out) };
    });
    await until("ACCEPT", () => outs.every(({ stream }) => stream.accepted));
    expect(events).toEqual(["decide a", "decide b", "decide c", "start a", "start b", "start c"]);
    for (const { out } of outs) expect(out.calls).toEqual([]);
    links.accepted.close("test");
    await until("the loss", () => outs.every(({ out }) => out.ends === 1));
    for (const { out } of outs) expect(out.reset).toMatchObject({ code: resetCodes.linkLost, accepted: true });
    for (const stream of streams) expect(stream.reset?.code).toBe(resetCodes.linkLost);
  });

  it("tells a rejected stream from an accepted one of the same batch", async () => {
    const links = await openLinks(kind, {
      setup: (link) =>
        link.accept(invoke, (stream, head, body) => {
          if (head.toString() !== "full") return new InRecorder(stream, head, body);
          stream.reject(99_999);
          return null;
        }),
    });
    const names = ["a", "full", "b", "full"];
    const outs = names.map((name) => {
      const out = new OutRecorder();
      return { name, out, stream: links.dialed.open(invoke, must, 0, Buffer.from(name), null, out) };
    });
    await until("the decisions", () =>
      outs.every(({ name, out, stream }) => (name === "full" ? out.ends === 1 : stream.accepted)),
    );
    for (const { name, out } of outs) expect(out.calls).toEqual(name === "full" ? ["reject"] : []);
    expect(outs[1]?.out.load).toBe(65_535);
  });

  it("holds what comes for a stream until it starts", async () => {
    const streams: InRecorder[] = [];
    const links = await openLinks(kind, {
      setup: (link) =>
        link.accept(invoke, (stream, head, body) => {
          const recorder = new InRecorder(stream, head, body);
          streams.push(recorder);
          return recorder;
        }),
    });
    const stream = links.dialed.open(
      invoke,
      openFlags.acceptRequired,
      0,
      Buffer.from("h"),
      Buffer.from("1"),
      new OutRecorder(),
    );
    stream.write(Buffer.from("2"));
    stream.write(Buffer.from("3"));
    stream.end();
    await until("the end", () => streams[0]?.calls.at(-1) === "end");
    expect(streams[0]?.calls).toEqual(["start", "data", "end"]);
    expect(streams[0]?.body).toBe("123");
  });
});

describe.each(wireKinds)("what never started, over %s", (kind) => {
  it("never starts a stream that was canceled in the same read", async () => {
    const streams: InRecorder[] = [];
    const links = await openLinks(kind, {
      setup: (link) =>
        link.accept(invoke, (stream, head, body) => {
          const recorder = new InRecorder(stream, head, body);
          streams.push(recorder);
          return recorder;
        }),
    });
    links.dialed.open(invoke, must, 0, Buffer.from("h"), null, new OutRecorder()).reset(resetCodes.canceled);
    const after = links.dialed.open(invoke, must, 0, Buffer.from("h"), null, new OutRecorder());
    await until("the second", () => after.accepted);
    expect(streams.map((stream) => stream.calls)).toEqual([["reset"], ["start"]]);
  });

  it("says not accepted where the link breaks before the decision", async () => {
    let offered: Link | undefined;
    const links = await openLinks(kind, {
      setup: (link) =>
        link.accept(invoke, (stream) => {
          offered = stream.link;
          stream.link.close("dies while deciding");
          return null;
        }),
    });
    const sure = new OutRecorder();
    const unsure = new OutRecorder();
    links.dialed.open(invoke, must, 0, Buffer.from("h"), null, sure);
    links.dialed.open(invoke, openFlags.end, 0, Buffer.from("h"), null, unsure);
    await until("the loss", () => sure.ends === 1 && unsure.ends === 1);
    expect(offered?.closed).toBe(true);
    expect(sure.reset).toMatchObject({ code: resetCodes.linkLost, accepted: false });
    // Nobody asked for ACCEPT: it may have started.
    expect(unsure.reset).toMatchObject({ code: resetCodes.linkLost, accepted: true });
  });

  it("says not accepted where the acceptor throws, and the link goes on", async () => {
    const links = await openLinks(kind, {
      setup: (link) =>
        link.accept(invoke, (stream, head, body) => {
          if (head.toString() === "bad") throw new TypeError("a defect");
          return new InRecorder(stream, head, body);
        }),
    });
    const bad = new OutRecorder();
    links.dialed.open(invoke, must, 0, Buffer.from("bad"), null, bad);
    const good = links.dialed.open(invoke, must, 0, Buffer.from("good"), null, new OutRecorder());
    await until("both", () => bad.ends === 1 && good.accepted);
    expect(bad.reset).toEqual({ code: resetCodes.internal, message: "a defect", accepted: false });
  });
});

interface Sent {
  readonly name: string;
  readonly out: OutRecorder;
}

/** Opens streams all the time until the link is lost. */
const flood = async (link: Link, busyMs: number): Promise<Sent[]> => {
  const sent: Sent[] = [];
  await new Promise<void>((resolve) => {
    const turn = (): void => {
      for (let index = 0; index < 5 && !link.closed; index += 1) {
        const out = new OutRecorder();
        const name = `s${sent.length}`;
        sent.push({ name, out });
        link.open(invoke, must, 0, Buffer.from(name), Buffer.alloc(100), out);
      }
      const endMs = performance.now() + busyMs;
      while (performance.now() < endMs) continue;
      if (link.closed) resolve();
      else setImmediate(turn);
    };
    turn();
  });
  await until("all ends", () => sent.every(({ out }) => out.ends === 1));
  return sent;
};

describe.each(["unix", "tcp"] as const)("acceptance by a process that dies, over %s", (kind) => {
  it.each([0, 5])("reports every stream that started as accepted (opener busy for %i ms)", async (busyMs) => {
    for (const dieAt of [1, 7, 23]) {
      const peer = new Peer();
      const sent = await flood(await peer.start(kind, "start", String(dieAt)), busyMs);
      const started = new Set(readFileSync(peer.file, "utf8").trim().split("\n"));
      expect(started.size).toBe(dieAt);
      for (const { out } of sent) expect(out.calls).toEqual(["reset"]);
      const denied = sent.filter(({ name, out }) => started.has(name) && out.reset?.accepted !== true);
      expect(denied).toEqual([]);
      // What was sent after its death cannot have been accepted.
      expect(sent.at(-1)?.out.reset?.accepted).toBe(false);
    }
  });

  it("reads what a dead peer said last, though a write to it fails first", async () => {
    const peer = new Peer();
    const link = await peer.start(kind, "start", "1");
    const [before, after] = [new OutRecorder(), new OutRecorder()];
    link.open(invoke, must, 0, Buffer.from("before"), null, before);
    // Frames leave at the end of the loop turn.
    await new Promise<void>((resolve) => setImmediate(resolve));
    const giveUpMs = performance.now() + 10_000;
    // Nothing is read meanwhile: this loop does not turn.
    while (!readFileSync(`/proc/${peer.pid ?? 0}/stat`, "utf8").includes(") Z ") && performance.now() < giveUpMs)
      continue;
    link.open(invoke, must, 0, Buffer.from("after"), null, after);
    await until("the loss", () => before.ends === 1 && after.ends === 1);
    expect(before.reset).toMatchObject({ code: resetCodes.linkLost, accepted: true });
    expect(after.reset).toMatchObject({ code: resetCodes.linkLost, accepted: false });
  });

  it("reports streams as not accepted whose process died deciding", async () => {
    const peer = new Peer();
    const link = await peer.start(kind, "open", "3");
    const outs = ["a", "b", "c", "d"].map((name) => {
      const out = new OutRecorder();
      link.open(invoke, must, 0, Buffer.from(name), null, out);
      return out;
    });
    await until("the loss", () => outs.every((out) => out.ends === 1));
    expect(existsSync(peer.file)).toBe(false);
    expect(outs.map((out) => out.reset?.accepted)).toEqual([false, false, false, false]);
  });

  it("ends a stream whose peer is killed in the middle of its answer", async () => {
    const peer = new Peer();
    const link = await peer.start(kind, "stream", "0");
    const out = new OutRecorder();
    link.open(invoke, must, 0, Buffer.from("h"), null, out);
    await until("some of it", () => out.bytes > 100_000);
    peer.kill();
    await until("the loss", () => out.ends === 1);
    expect(out.calls).toEqual(["response", "data", "reset"]);
    expect(out.reset).toMatchObject({ code: resetCodes.linkLost, accepted: true });
    expect(() => link.open(invoke, must, 0, Buffer.from("h"), null, new OutRecorder())).toThrow(/link_lost/);
  });
});
