import { describe, expect, it } from "vitest";
import { type Random, randomBelow, seededRandom } from "../base/random.ts";
import { waitFor } from "../base/wait.ts";
import { openLinks, wireKinds } from "./testing/links.ts";
import { InRecorder, OutRecorder } from "./testing/recorders.ts";
import { type Link, type OutStream, openFlags, resetCodes, type StreamKind, streamKinds } from "./types.ts";

/** One stream of the soak, as both sides know it. Bytes count up, so that order and loss show. */
class Lane {
  readonly out = new OutRecorder();
  accepted: InRecorder | undefined;
  stream: OutStream | undefined;
  /** Ended here: no further call may come. */
  resetByOpener = false;
  resetByAcceptor = false;
  responded = false;
  #sentByte = 0;
  #answeredByte = 0;

  question(bytes: number): Buffer {
    const from = this.#sentByte;
    this.#sentByte += bytes;
    return counting(from, bytes);
  }

  answer(bytes: number): Buffer {
    const from = this.#answeredByte;
    this.#answeredByte += bytes;
    return counting(from, bytes);
  }

  /** What is wrong with it, by name. */
  problems(): string[] {
    const bodies = [this.out.parts, this.accepted?.parts ?? []].map((parts) => Buffer.concat(parts));
    const calls = this.accepted?.calls ?? [];
    const resets = calls.filter((call) => call === "reset").length;
    const endsMin = this.resetByOpener ? 0 : 1;
    const wrong = {
      "bytes lost, repeated or out of order": bodies.some((body) => !body.equals(counting(0, body.length))),
      "not one end at the opener": this.out.ends > 1 || this.out.ends < endsMin,
      "calls after the end at the acceptor": resets > 1 || (resets === 1 && calls.at(-1) !== "reset"),
    };
    return Object.entries(wrong).flatMap(([name, is]) => (is ? [name] : []));
  }
}

const counting = (from: number, bytes: number): Buffer => {
  const buffer = Buffer.allocUnsafe(bytes);
  for (let index = 0; index < bytes; index += 1) buffer[index] = (from + index) % 251;
  return buffer;
};

const sizes = [0, 1, 100, 16_384, 16_385, 65_536, 70_000, 300_000];
const kinds: readonly StreamKind[] = [streamKinds.http, streamKinds.invoke];

/** Does random things with one lane. */
const step = (random: Random, lane: Lane): void => {
  const size = sizes[randomBelow(random, sizes.length)] as number;
  const { accepted, stream, out } = lane;
  const acting = randomBelow(random, 10);
  if (acting < 3) stream?.write(lane.question(size));
  else if (acting === 3) stream?.end();
  else if (acting === 4 && randomBelow(random, 4) === 0 && out.ends === 0) {
    lane.resetByOpener = true;
    stream?.reset(resetCodes.canceled, "soak");
  } else if (acting === 5) {
    stream?.pause();
    accepted?.stream.pause();
  } else if (accepted === undefined || accepted.reset !== undefined || lane.resetByAcceptor) return;
  else if (!lane.responded) {
    lane.responded = true;
    accepted.stream.respond(Buffer.from("head"), lane.answer(size), false);
  } else if (acting < 9) accepted.stream.write(lane.answer(size));
  else if (randomBelow(random, 3) === 0) accepted.stream.end();
  else if (randomBelow(random, 5) === 0) {
    lane.resetByAcceptor = true;
    accepted.stream.reset(resetCodes.internal, "soak");
  }
};

const open = (random: Random, link: Link, lanes: Lane[]): void => {
  const lane = new Lane();
  lanes.push(lane);
  const flags = randomBelow(random, 2) * openFlags.acceptRequired;
  const body = lane.question(sizes[randomBelow(random, sizes.length)] as number);
  const kind = kinds[randomBelow(random, kinds.length)] as StreamKind;
  lane.stream = link.open(kind, flags, 0, Buffer.from(String(lanes.length - 1)), body, lane.out);
};

const finish = (lane: Lane): void => {
  lane.stream?.resume();
  lane.accepted?.stream.resume();
  lane.stream?.end();
  if (lane.accepted === undefined || lane.accepted.reset !== undefined) return;
  if (!lane.responded) lane.accepted.stream.respond(Buffer.from("head"), null, true);
  else lane.accepted.stream.end();
};

describe.each(wireKinds)("thousands of random steps over %s", (kind) => {
  it.each([1, 2, 3])("lose, repeat and reorder nothing, and end every stream once (seed %i)", async (seed) => {
    const random = seededRandom(seed);
    const lanes: Lane[] = [];
    const links = await openLinks(kind);
    for (const each of kinds) {
      links.accepted.accept(each, (stream, head, body) => {
        const recorder = new InRecorder(stream, head, body);
        (lanes[Number(head.toString())] as Lane).accepted = recorder;
        return recorder;
      });
    }
    for (let turn = 0; turn < 1_500; turn += 1) {
      if (lanes.length < 60) open(random, links.dialed, lanes);
      step(random, lanes[randomBelow(random, lanes.length)] as Lane);
      if (turn % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await waitFor(
      () => {
        for (const lane of lanes) finish(lane);
        return links.dialed.streams + links.accepted.streams === 0;
      },
      { timeoutMs: 15_000, what: "the end of every stream" },
    );
    expect(lanes.flatMap((lane) => lane.problems())).toEqual([]);
    expect(links.dialed.closed || links.accepted.closed).toBe(false);
  });
});
