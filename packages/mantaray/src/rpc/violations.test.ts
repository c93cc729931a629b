import { mkdtempSync, rmSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { limits } from "../base/limits.ts";
import { waitFor } from "../base/wait.ts";
import { frameTypes, fromAcceptor } from "./frames.ts";
import { dialHandshake } from "./handshake.ts";
import { type LinkServer, listen } from "./listen.ts";
import { InRecorder } from "./testing/recorders.ts";
import { type Link, openFlags, streamKinds } from "./types.ts";
import { connectUnix } from "./wire/unix.ts";

const { invoke } = streamKinds;

const frame = (type: number, generation: number, slot: number, payload: Uint8Array): Buffer => {
  const header = Buffer.alloc(9);
  header.writeUInt32BE(payload.length, 0);
  header[4] = type;
  header.writeUInt16BE(generation, 5);
  header.writeUInt16BE(slot, 7);
  return Buffer.concat([header, payload]);
};

const openFrame = (slot: number, flags: number, headLength = 0): Buffer => {
  const payload = Buffer.alloc(10);
  payload[0] = invoke;
  payload[1] = flags;
  payload.writeUInt32BE(headLength, 6);
  return frame(frameTypes.open, 1, slot, payload);
};

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** A listener that remembers what became of its one link. */
class Victim {
  link: Link | undefined;
  closeReason = "";
  readonly streams: InRecorder[] = [];
  readonly lines: string[] = [];
  readonly path: string;
  readonly #directory = mkdtempSync(join(tmpdir(), "manta-bad-"));
  #server: LinkServer | undefined;

  constructor() {
    this.path = join(this.#directory, "l.sock");
    onTestFinished(async () => {
      await this.#server?.close();
      rmSync(this.#directory, { recursive: true, force: true });
    });
  }

  async start(): Promise<this> {
    const log = pino({ level: "warn" }, { write: (line: string) => void this.lines.push(line) });
    const onLink = (link: Link): void => this.#welcome(link);
    this.#server = await listen([`unix:${this.path}`], { token: "t", identity: { role: "l", id: "" }, log, onLink });
    return this;
  }

  #welcome(link: Link): void {
    this.link = link;
    link.onClose((reason) => {
      this.closeReason = reason;
    });
    link.accept(invoke, (stream, head, body) => {
      const recorder = new InRecorder(stream, head, body);
      // No credit goes back.
      stream.pause();
      this.streams.push(recorder);
      return recorder;
    });
  }
}

const cases: readonly (readonly [string, RegExp, () => Buffer])[] = [
  ["garbage", /unknown frame type/, () => Buffer.from("GET / HTTP/1.1\r\n\r\n")],
  [
    "an oversize frame",
    /has 65537 bytes/,
    () => frame(frameTypes.data, 1, 1, Buffer.alloc(limits.dataFrameBytesMax + 1)),
  ],
  ["a head longer than its frame", /parts of an OPEN/, () => openFrame(1, openFlags.end, 11)],
  ["an opened slot", /in use/, () => Buffer.concat([openFrame(1, 0), openFrame(1, 0)])],
  [
    "more than the credit",
    /more than its credit/,
    () => {
      const data = frame(frameTypes.data, 1, 1, Buffer.alloc(limits.dataFrameBytesMax));
      return Buffer.concat([openFrame(1, 0), data, data, data, data, data]);
    },
  ],
  [
    "DATA after END",
    /after END/,
    () => Buffer.concat([openFrame(1, openFlags.end), frame(frameTypes.data, 1, 1, Buffer.alloc(1))]),
  ],
  [
    "a window that grows for nothing",
    /more credit/,
    () => Buffer.concat([openFrame(1, openFlags.end), frame(frameTypes.window, 1, 1, u32(1))]),
  ],
  ["an ACCEPT of streams never opened", /more streams than/, () => frame(frameTypes.accept, 0, 0, u32(1))],
  ["a GOAWAY of streams never opened", /more streams than/, () => frame(frameTypes.goaway, 0, 0, u32(9))],
];

describe("a peer that breaks the protocol", () => {
  it.each(cases)("by %s loses the link, which is logged once", async (_name, reason, bytes) => {
    const victim = await new Victim().start();
    const wire = connectUnix(victim.path);
    await dialHandshake(wire, { token: "t", identity: { role: "bad", id: "" } });
    wire.duplex.write(bytes());
    await waitFor(() => victim.closeReason !== "", { timeoutMs: 5_000, what: "the close" });
    expect(victim.closeReason).toMatch(/^protocol_error/);
    expect(victim.closeReason).toMatch(reason);
    for (const stream of victim.streams) expect(stream.calls.filter((call) => call === "reset")).toHaveLength(1);
    expect(victim.lines).toHaveLength(1);
    expect(victim.lines[0]).toMatch(/broke the protocol/);
    expect(victim.link?.streams).toBe(0);
    wire.duplex.destroy();
  });

  it("only by late frames of ended victim.streams does no harm", async () => {
    const victim = await new Victim().start();
    const wire = connectUnix(victim.path);
    await dialHandshake(wire, { token: "t", identity: { role: "late", id: "" } });
    const late = [frameTypes.data, frameTypes.end, frameTypes.window, frameTypes.reset].flatMap((type) => {
      const payload = type === frameTypes.window ? u32(5) : Buffer.alloc(type === frameTypes.end ? 0 : 1);
      return [frame(type, 4, 4, payload), frame(type | fromAcceptor, 4, 4, payload)];
    });
    wire.duplex.write(Buffer.concat([...late, openFrame(1, openFlags.end)]));
    await waitFor(() => victim.streams.length === 1, { timeoutMs: 5_000, what: "the stream" });
    expect(victim.link?.closed).toBe(false);
    wire.duplex.destroy();
  });

  it.each([
    ["another protocol", "GET / HTTP/1.1\r\nhost: x\r\n\r\n"],
    ["an oversize message", "mnta\x01\x01\xff\xff"],
    ["another version", "mnta\x02\x01\x00\x00"],
    ["a message out of turn", "mnta\x01\x03\x00\x00"],
    ["zeros", "\0".repeat(5_000)],
  ])("in the handshake, by %s, is told so and cut off", async (_name, garbage) => {
    const victim = await new Victim().start();
    const socket = createConnection({ path: victim.path });
    const said: Buffer[] = [];
    socket.on("data", (chunk) => said.push(chunk)).on("error", () => {});
    socket.write(Buffer.from(garbage, "latin1"));
    await new Promise((resolve) => socket.once("close", resolve));
    expect(Buffer.concat(said).toString("latin1")).toContain("protocol_error");
    expect(victim.link).toBeUndefined();
    expect(victim.lines).toHaveLength(1);
  });
});
