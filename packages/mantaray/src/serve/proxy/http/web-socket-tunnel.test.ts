import { describe, expect, it } from "vitest";
import { waitFor } from "../../../base/wait.ts";
import type { HttpExchange } from "./exchange.ts";
import { useStage } from "./fixtures/stage.ts";
import { begun, handlerOf } from "./fixtures/test-front.ts";

const soon = { timeoutMs: 10_000, intervalMs: 2 };
const limits = { lameDuckMs: 50, drainIdleMs: 100, sweepPeriodMs: 20 };
const switching = Buffer.from("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n");
const farewell = Buffer.from([0x88, 2, 0x03, 0xf4]);

/** A server's text frame: short, of 16 bits or of 64 bits of length. */
const frame = (bytes: number): Buffer => {
  const body = Buffer.alloc(bytes, 0x61);
  if (bytes < 126) return Buffer.concat([Buffer.from([0x81, bytes]), body]);
  const head = Buffer.alloc(bytes < 65_536 ? 4 : 10);
  head[0] = 0x81;
  head[1] = bytes < 65_536 ? 126 : 127;
  if (bytes < 65_536) head.writeUInt16BE(bytes, 2);
  else head.writeBigUInt64BE(BigInt(bytes), 2);
  return Buffer.concat([head, body]);
};

describe("the tunnel of a WebSocket whose proxy leaves", () => {
  const stage = useStage();

  it.each([
    ["short", 5, 1],
    ["of 16 bits of length, cut in its head", 300, 3],
    ["of 64 bits of length", 70_000, 60_000],
  ])("tells the client after the frame that is on its way: %s", async (_name, bytes, cutAt) => {
    const exchanges: HttpExchange[] = [];
    const fromClient: Buffer[] = [];
    const front = await stage.start((exchange) => {
      exchanges.push(exchange);
      exchange.handler = handlerOf({ onBody: (chunk) => fromClient.push(Buffer.from(chunk)) });
      exchange.respondRaw(switching, frame(0), begun);
      exchange.readBody();
    }, limits);
    const client = await stage.open();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    await waitFor(() => exchanges.length === 1, { ...soon, what: "the request" });
    const sent = frame(bytes);
    exchanges[0]?.write(sent.subarray(0, cutAt));
    front.setLameDuck(true);
    const before = switching.length + 2 + cutAt;
    await waitFor(() => client.bytes === before && front.draining, { ...soon, what: "half of the frame" });
    // Two sweeps later still nothing but the half has been said.
    await expect(
      waitFor(() => client.bytes > before, { ...soon, timeoutMs: 150, what: "a word too early" }),
    ).rejects.toThrow("a word too early");
    exchanges[0]?.write(sent.subarray(cutAt));
    await waitFor(() => client.received.subarray(-4).equals(farewell), { ...soon, what: "the farewell" });
    expect(client.received.subarray(switching.length + 2, -4).equals(sent)).toBe(true);
    // What the server still says would come after the last word.
    exchanges[0]?.write(frame(3));
    client.send(Buffer.from([0x88, 0x80, 1, 2, 3, 4]));
    await waitFor(() => fromClient.length > 0, { ...soon, what: "the client's answer" });
    exchanges[0]?.end();
    await client.end();
    expect(client.received.subarray(-4).equals(farewell)).toBe(true);
  });
});
