import { Duplex } from "node:stream";
import { array, assert, nat, oneof, property, record, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "../base/limits.ts";
import { FrameReader, type FrameSink } from "./frame-reader.ts";
import { FrameWriter } from "./frame-writer.ts";
import { FrameViolation, frameTypes, fromAcceptor } from "./frames.ts";

type Frame = [type: number, generation: number, slot: number, payload: string];

class Recorder implements FrameSink {
  readonly closed = false;
  readonly frames: Frame[] = [];
  readonly #parts: boolean;

  constructor(parts: boolean) {
    this.#parts = parts;
  }

  onFrame(type: number, generation: number, slot: number, buffer: Buffer, start: number, end: number): void {
    this.frames.push([type, generation, slot, buffer.toString("latin1", start, end)]);
  }

  takesParts(): boolean {
    return this.#parts;
  }
}

/** What a writer sends for `lay`, as one run of bytes. */
const laid = (lay: (writer: FrameWriter) => void): Buffer => {
  const chunks: Buffer[] = [];
  const duplex = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _encoding, callback) => {
      chunks.push(Buffer.from(chunk));
      callback();
    },
  });
  const writer = new FrameWriter(duplex, () => {});
  lay(writer);
  writer.flush();
  return Buffer.concat(chunks);
};

const read = (bytes: Buffer, cuts: readonly number[], parts = false): Frame[] => {
  const recorder = new Recorder(parts);
  const reader = new FrameReader(recorder);
  let from = 0;
  for (const to of [...cuts.filter((cut) => cut < bytes.length), bytes.length]) {
    // A buffer of its own, overwritten after: views must not outlive the call.
    const chunk = Buffer.from(bytes.subarray(from, to));
    reader.push(chunk);
    chunk.fill(0);
    from = to;
  }
  return recorder.frames;
};

/** Joins neighbouring DATA of one stream. */
const joined = (frames: readonly Frame[]): Frame[] => {
  const result: Frame[] = [];
  for (const frame of frames) {
    const last = result.at(-1);
    const isData = (frame[0] & ~fromAcceptor) === frameTypes.data;
    if (isData && last?.[0] === frame[0] && last[1] === frame[1] && last[2] === frame[2]) last[3] += frame[3];
    else result.push([...frame]);
  }
  return result;
};

const some = (writer: FrameWriter): void => {
  writer.open(1, 2, 3, 1, 500, Buffer.from("head"), Buffer.from("body"));
  writer.accept(70_000);
  writer.response(1, 65_535, true, 7, Buffer.from("ok"), Buffer.alloc(0));
  writer.data(fromAcceptor, 65_535, 2, Buffer.from("data"));
  writer.data(0, 4, 5, Buffer.alloc(0));
  writer.end(0, 1, 2);
  writer.reset(fromAcceptor, 3, 4, 6, "gone");
  writer.reject(9, 9, 12);
  writer.window(0, 1, 1, 4_294_967_295);
  writer.goaway(3);
};

/** What reading throws, if anything. */
const thrown = (bytes: Buffer, cuts: readonly number[]): unknown => {
  try {
    read(bytes, cuts);
    return undefined;
  } catch (error) {
    return error;
  }
};

describe("frames", () => {
  it("are the same cut at every byte", () => {
    const bytes = laid(some);
    const whole = read(bytes, []);
    expect(whole.length).toBe(10);
    expect(whole[0]?.slice(0, 3)).toEqual([frameTypes.open, 1, 2]);
    for (let cut = 1; cut < bytes.length; cut += 1) expect(read(bytes, [cut])).toEqual(whole);
    expect(
      read(
        bytes,
        Array.from({ length: bytes.length }, (_, index) => index),
      ),
    ).toEqual(whole);
  });

  it("are the same under any chunking, and byte streams carry the same bytes", () => {
    const frame = record({ size: oneof(nat(40), nat(limits.dataFrameBytesMax)), slot: nat(65_535) });
    assert(
      property(array(frame, { maxLength: 12 }), array(nat(300_000), { maxLength: 30 }), (frames, cuts) => {
        const bytes = laid((writer) => {
          for (const [index, { size, slot }] of frames.entries()) {
            const payload = Buffer.alloc(size, index + 1);
            if (index % 3 === 0) writer.open(index, slot, 2, 0, 0, payload, Buffer.from("x"));
            else writer.data(0, index, slot, payload);
          }
        });
        const sorted = cuts.toSorted((a, b) => a - b);
        const whole = read(bytes, []);
        expect(read(bytes, sorted)).toEqual(whole);
        expect(joined(read(bytes, sorted, true))).toEqual(joined(whole));
      }),
      { numRuns: 200 },
    );
  });

  it("larger than the copy limit keep their order among small ones", () => {
    const bytes = laid((writer) => {
      for (let index = 0; index < 40; index += 1) {
        writer.data(0, index, 1, Buffer.alloc(index % 4 === 0 ? 60_000 : 3_000, index));
      }
    });
    const frames = read(bytes, []);
    expect(frames.map((frame) => frame[1])).toEqual(Array.from({ length: 40 }, (_, index) => index));
    for (const [, index, , payload] of frames) expect(payload).toBe(String.fromCharCode(index).repeat(payload.length));
  });

  it("that no version knows are violations", () => {
    const refused = [
      [0, 0, 0, 0, 99],
      [0, 0, 0, 0, 0],
      [0, 1, 0, 1, frameTypes.data],
      [255, 255, 255, 255, frameTypes.open],
      [0, 0, 0, 3, frameTypes.window],
      [0, 0, 0, 1, frameTypes.end],
      [0, 0, 0, 4, frameTypes.accept | fromAcceptor],
    ];
    for (const bytes of refused) expect(thrown(Buffer.from([...bytes, 0, 0, 0, 0]), [])).toBeInstanceOf(FrameViolation);
  });

  it("garbage never throws anything else, nor asks for much memory", () => {
    assert(
      property(uint8Array({ maxLength: 400 }), nat(400), (garbage, cut) => {
        const error = thrown(Buffer.from(garbage), [cut]);
        expect(error === undefined || error instanceof FrameViolation).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
