import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { waitFor } from "../base/wait.ts";
import { openLinks } from "./testing/links.ts";
import { Peer } from "./testing/peer.ts";
import { InRecorder, OutRecorder } from "./testing/recorders.ts";
import { type InStream, type Link, openFlags, resetCodes, streamKinds } from "./types.ts";

const { invoke } = streamKinds;
const must = openFlags.end | openFlags.acceptRequired;
const until = (what: string, probe: () => boolean): Promise<boolean> =>
  waitFor(probe, { timeoutMs: 10_000, what, intervalMs: 2 });

/** Counts how often it is told of silence. */
class SilenceRecorder extends OutRecorder {
  silent = 0;
  onSilent(): void {
    this.silent += 1;
  }
}

const opened = (link: Link, name: string, flags: number): SilenceRecorder => {
  const out = new SilenceRecorder();
  link.open(invoke, flags, 0, Buffer.from(name), null, out);
  return out;
};

describe.skipIf(process.platform !== "linux")("a link with a ledger, withdrawn", () => {
  it("gives back what a stopped peer has not accepted, which never starts there, and leaves the rest", async () => {
    const peer = new Peer();
    const link = await peer.start("unix", "start", "1000");
    const first = new SilenceRecorder();
    const running = link.open(invoke, must, 0, Buffer.from("running"), null, first);
    await until("acceptance", () => running.accepted);
    peer.freeze();
    const unaccepted = opened(link, "unaccepted", must);
    const unsure = opened(link, "unsure", openFlags.end);
    link.withdraw();
    expect(unaccepted.reset).toMatchObject({ code: resetCodes.draining, accepted: false });
    expect([first.silent, unsure.silent, unaccepted.silent]).toEqual([1, 1, 0]);
    expect(() => link.open(invoke, must, 0, Buffer.from("late"), null, new OutRecorder())).toThrow(/draining/);
    peer.thaw();
    await until("what may run", () => readFileSync(peer.file, "utf8").includes("unsure"));
    expect(readFileSync(peer.file, "utf8")).not.toContain("unaccepted");
    expect(link.closed).toBe(false);
    peer.kill();
    await until("the loss", () => first.ends === 1);
    expect(first.reset).toMatchObject({ code: resetCodes.linkLost, accepted: true });
  });
});

describe("a link withdrawn", () => {
  it("without a ledger ends nothing: what the peer decides is not known", async () => {
    const streams: InStream[] = [];
    const links = await openLinks("memory", {
      setup: (link) =>
        link.accept(invoke, (stream, head, body) => {
          streams.push(stream);
          return new InRecorder(stream, head, body);
        }),
    });
    const out = opened(links.dialed, "a", must);
    links.dialed.withdraw();
    expect([out.silent, out.calls.length]).toEqual([1, 0]);
    await until("the stream", () => streams.length === 1);
    streams[0]?.respond(Buffer.from("late"), null, true);
    await until("the answer", () => out.ends === 1);
    expect(out.head).toBe("late");
    await until("the end of the link", () => links.dialed.closed);
  });

  it("closes at once where nothing is open", async () => {
    const links = await openLinks("unix");
    links.dialed.withdraw();
    await until("the end of the link", () => links.accepted.closed);
    expect(links.dialed.closed).toBe(true);
  });
});
