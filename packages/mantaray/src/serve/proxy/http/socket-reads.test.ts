import { afterEach, describe, expect, it } from "vitest";
import { type ReadSocket, readByEvents, readSockets } from "../../../rpc/wire/socket-reads.ts";
import { RawClient } from "./fixtures/raw-client.ts";
import { startFront } from "./fixtures/test-front.ts";
import type { HttpFront } from "./front.ts";

describe("reading sockets", () => {
  let front: HttpFront | undefined;
  afterEach(async () => front?.close());

  it.each([
    ["into one buffer", readSockets()],
    ["by events", readByEvents],
  ])("hands all bytes on, %s", async (way, readSocket) => {
    const memories = new Set<ArrayBufferLike>();
    const counting: ReadSocket = (socket, onBytes) => {
      readSocket(socket, (bytes) => {
        memories.add(bytes.buffer);
        onBytes(bytes);
      });
    };
    front = await startFront(undefined, { readSocket: counting });
    const body = "0123456789".repeat(30_000);
    const client = await RawClient.connect(front.port);
    for (let count = 1; count <= 3; count += 1) {
      client.send(`POST /${count} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      const responses = await client.responses(count);
      expect(responses.at(-1)?.body).toBe(`POST /${count} ${body}`);
    }
    client.destroy();
    expect(memories.size === 1).toBe(way === "into one buffer");
  });
});
