import { describe, expect, it } from "vitest";
import { waitFor } from "../base/wait.ts";
import { openLinks, wireKinds } from "./testing/links.ts";
import { InRecorder, OutRecorder } from "./testing/recorders.ts";
import { type Link, openFlags, resetCodes, streamKinds } from "./types.ts";

const { invoke } = streamKinds;
const must = openFlags.end | openFlags.acceptRequired;
const until = (what: string, probe: () => boolean): Promise<boolean> =>
  waitFor(probe, { timeoutMs: 10_000, what, intervalMs: 2 });

const record = (streams: InRecorder[]) => ({
  setup: (link: Link): void =>
    link.accept(invoke, (stream, head, body) => {
      const recorder = new InRecorder(stream, head, body);
      streams.push(recorder);
      return recorder;
    }),
});

describe.each(wireKinds)("draining over %s", (kind) => {
  it("lets open streams finish and refuses new ones at the opener", async () => {
    const streams: InRecorder[] = [];
    const links = await openLinks(kind, record(streams));
    const out = new OutRecorder();
    const stream = links.dialed.open(invoke, openFlags.acceptRequired, 0, Buffer.from("h"), null, out);
    await until("ACCEPT", () => stream.accepted);
    let heard = 0;
    links.dialed.onPeerDraining(() => {
      heard += 1;
    });
    let drained = false;
    const draining = (async () => {
      await links.accepted.drain();
      drained = true;
    })();
    void links.accepted.drain();
    await until("GOAWAY", () => links.dialed.peerDraining);
    expect(heard).toBe(1);
    expect(() => links.dialed.open(invoke, must, 0, Buffer.from("h"), null, out)).toThrow(/draining/);
    stream.write(Buffer.from("more"));
    stream.end();
    await until("the rest", () => streams[0]?.calls.at(-1) === "end");
    expect(drained).toBe(false);
    streams[0]?.stream.respond(Buffer.from("done"), Buffer.from("answer"), true);
    await draining;
    await until("the answer", () => out.ends === 1);
    expect(out.body).toBe("answer");
    expect(links.dialed.closed).toBe(false);
    // The drained side itself still opens streams.
    const back: InRecorder[] = [];
    record(back).setup(links.dialed);
    links.accepted.open(invoke, must, 0, Buffer.from("back"), null, new OutRecorder());
    await until("the stream back", () => back.length === 1);
  });

  it("tells streams that crossed the GOAWAY that they never started, and starts none of them", async () => {
    const streams: InRecorder[] = [];
    const links = await openLinks(kind, record(streams));
    const before = links.dialed.open(invoke, must, 0, Buffer.from("before"), null, new OutRecorder());
    await until("ACCEPT", () => before.accepted);
    const draining = links.accepted.drain();
    // The GOAWAY is on its way: these cross it.
    const crossing = [must, openFlags.end, openFlags.acceptRequired].map((flags) => {
      const out = new OutRecorder();
      links.dialed.open(invoke, flags, 0, Buffer.from("crossing"), null, out);
      return out;
    });
    await until("the ends", () => crossing.every((out) => out.ends === 1));
    for (const out of crossing) expect(out.reset).toMatchObject({ code: resetCodes.draining, accepted: false });
    expect(streams.map((stream) => stream.head)).toEqual(["before"]);
    streams[0]?.stream.respond(Buffer.alloc(0), null, true);
    await draining;
    await until("the last answer", () => links.dialed.streams + links.accepted.streams === 0);
  });

  it("resolves at once where nothing is open, and when the link breaks", async () => {
    const streams: InRecorder[] = [];
    const links = await openLinks(kind, record(streams));
    const stream = links.dialed.open(invoke, must, 0, Buffer.from("h"), null, new OutRecorder());
    await until("ACCEPT", () => stream.accepted);
    const draining = links.accepted.drain();
    links.dialed.close();
    await draining;
    await links.accepted.drain();
    await until("the loss", () => links.accepted.closed);
    expect(streams[0]?.reset?.code).toBe(resetCodes.linkLost);
  });
});
