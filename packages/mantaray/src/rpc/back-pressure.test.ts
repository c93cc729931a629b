import { describe, expect, it } from "vitest";
import { MantaError } from "../base/errors.ts";
import { limits } from "../base/limits.ts";
import { waitFor } from "../base/wait.ts";
import { rpcLimits } from "./limits.ts";
import { openLinks } from "./testing/links.ts";
import { Peer } from "./testing/peer.ts";
import { InRecorder, OutRecorder } from "./testing/recorders.ts";
import { openFlags, resetCodes, streamKinds } from "./types.ts";

const { invoke } = streamKinds;
const until = (what: string, probe: () => boolean): Promise<boolean> =>
  waitFor(probe, { timeoutMs: 15_000, what, intervalMs: 5 });

describe.each(["unix", "tcp"] as const)("a peer that stands still, over %s", (kind) => {
  it("stops every writer with little in memory, and gets everything once it goes on", async () => {
    const peer = new Peer();
    const link = await peer.start(kind, "echo", "0");
    peer.freeze();
    const lanes = Array.from({ length: 40 }, (_, lane) => {
      const out = new OutRecorder();
      const stream = link.open(invoke, 0, 0, Buffer.from("h"), null, out);
      let bytes = 0;
      const fill = (): void => {
        for (let more = true; more && bytes < 1_000_000; bytes += 20_000)
          more = stream.write(Buffer.alloc(20_000, lane));
        if (bytes >= 1_000_000) stream.end();
      };
      out.onWritable = fill;
      fill();
      return { out, sent: () => bytes };
    });
    const sent = (): number => lanes.reduce((sum, lane) => sum + lane.sent(), 0);
    let before = -1;
    await until("the writers to stop", () => {
      const still = sent() === before;
      before = sent();
      return still;
    });
    // The kernel's buffers (TCP's may be megabytes), the socket's queue, and one chunk for each stream.
    expect(sent()).toBeLessThan(rpcLimits.socketQueueBytesHigh + 8_000_000 + lanes.length * 20_000);
    peer.thaw();
    await until("the echoes", () => lanes.every(({ out }) => out.ends === 1));
    for (const [lane, { out }] of lanes.entries()) {
      expect(out.calls.at(-1)).toBe("end");
      expect(Buffer.concat(out.parts).equals(Buffer.alloc(1_000_000, lane))).toBe(true);
    }
  });

  it("is sent no more streams past a bound", async () => {
    const peer = new Peer();
    const link = await peer.start(kind, "echo", "0");
    peer.freeze();
    const body = Buffer.alloc(limits.dataFrameBytesMax);
    const head = Buffer.alloc(100_000);
    const outs: OutRecorder[] = [];
    let refusal: unknown;
    const open = (): boolean => {
      try {
        for (let index = 0; index < 20; index += 1) {
          outs.push(new OutRecorder());
          link.open(invoke, openFlags.end, 0, head, body, outs.at(-1) as OutRecorder);
        }
        return false;
      } catch (error) {
        outs.pop();
        refusal = error;
        return true;
      }
    };
    await until("the refusal", open);
    expect((refusal as MantaError).code).toBe("resource_exhausted");
    expect(link.closed).toBe(false);
    peer.thaw();
    await until("the echoes", () => outs.every((out) => out.ends === 1));
  });
});

describe("a writer that takes no heed", () => {
  it("loses its stream when too much waits, and nothing else", async () => {
    const links = await openLinks("unix");
    const streams: InRecorder[] = [];
    links.accepted.accept(invoke, (stream, head, body) => {
      const recorder = new InRecorder(stream, head, body);
      streams.push(recorder);
      stream.pause();
      return recorder;
    });
    const out = new OutRecorder();
    const stream = links.dialed.open(invoke, 0, 0, Buffer.from("h"), null, out);
    const chunk = Buffer.alloc(1024 * 1024);
    for (let index = 0; index < 70; index += 1) stream.write(chunk);
    expect(out.reset).toMatchObject({ code: resetCodes.tooLarge });
    expect(out.ends).toBe(1);
    await until("the reset", () => streams[0]?.reset?.code === resetCodes.tooLarge);
    expect(links.dialed.closed).toBe(false);
  });

  it("is told by a handler that throws, once, while the link goes on", async () => {
    const links = await openLinks("unix");
    const streams: InRecorder[] = [];
    links.accepted.accept(invoke, (stream, head, body) => {
      const recorder = new InRecorder(stream, head, body);
      recorder.onChunk = () => {
        throw new MantaError("user_error", "cannot take it");
      };
      streams.push(recorder);
      return recorder;
    });
    const [bad, good] = [new OutRecorder(), new OutRecorder()];
    links.dialed.open(invoke, 0, 0, Buffer.from("bad"), null, bad).write(Buffer.from("x"));
    await until("the reset", () => bad.ends === 1);
    expect(bad.reset).toMatchObject({ code: resetCodes.internal, message: "[user_error] cannot take it" });
    expect(streams[0]?.calls).toEqual(["start", "data", "reset"]);
    links.accepted.accept(invoke, (stream, head) => {
      stream.respond(head, Buffer.from("fine"), false);
      stream.end();
      return null;
    });
    good.onChunk = () => {
      throw new Error("a defect of the opener");
    };
    links.dialed.open(invoke, openFlags.end, 0, Buffer.from("good"), null, good);
    await until("the end", () => good.ends === 1);
    expect(good.reset).toMatchObject({ code: resetCodes.internal, message: "a defect of the opener", accepted: true });
    expect(links.dialed.streams + links.accepted.streams).toBe(0);
  });
});
