import { describe, expect, it } from "vitest";
import { HeldBody } from "./held-body.ts";

const chunk = (bytes: number): Uint8Array => new Uint8Array(bytes);
const drain = (body: HeldBody): number => {
  let bytes = 0;
  for (let next = body.next(); next !== undefined; next = body.next()) bytes += next.length;
  return bytes;
};

describe("held body", () => {
  it("can be sent again from the start while it fits", () => {
    const total = { bytes: 0, bytesMax: 1_000 };
    const body = new HeldBody(total, 100);
    body.push(chunk(60));
    expect(drain(body)).toBe(60);
    body.push(chunk(40));
    expect(drain(body)).toBe(40);
    expect(body.replayable).toBe(true);
    body.rewind();
    expect(drain(body)).toBe(100);
    body.release();
    expect(total.bytes).toBe(0);
  });

  it("lets go of what was sent as soon as it does not fit, and holds nothing from then on", () => {
    const total = { bytes: 0, bytesMax: 1_000 };
    const body = new HeldBody(total, 100);
    body.push(chunk(60));
    drain(body);
    body.push(chunk(60));
    expect(drain(body)).toBe(60);
    expect(body.replayable).toBe(false);
    expect(total.bytes).toBe(0);
    body.push(chunk(60));
    expect(total.bytes).toBe(60);
    expect(drain(body)).toBe(60);
    expect(total.bytes).toBe(0);
  });

  it("counts all bodies of the process together", () => {
    const total = { bytes: 0, bytesMax: 100 };
    const [one, two] = [new HeldBody(total, 80), new HeldBody(total, 80)];
    one.push(chunk(80));
    drain(one);
    two.push(chunk(80));
    drain(two);
    expect(one.replayable).toBe(true);
    expect(two.replayable).toBe(false);
    expect(total.bytes).toBe(80);
  });
});
