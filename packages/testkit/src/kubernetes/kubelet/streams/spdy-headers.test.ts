import { constants, deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { spdyDictionary } from "./spdy-dictionary.ts";
import { SpdyHeaders } from "./spdy-headers.ts";

test("the dictionary is the one that everybody has", () => {
  const compressed = deflateSync(Buffer.alloc(4), { dictionary: spdyDictionary, finishFlush: constants.Z_SYNC_FLUSH });
  expect(compressed.subarray(2, 6).toString("hex")).toBe("e3c6a7c2");
});

test("a block is read as the other end wrote it", async () => {
  const block = Buffer.from("\0\0\0\x01\0\0\0\x04port\0\0\0\x0280");
  const compressed = deflateSync(block, { dictionary: spdyDictionary, finishFlush: constants.Z_SYNC_FLUSH });
  const headers = new SpdyHeaders();
  expect(await headers.decode(compressed)).toEqual(new Map([["port", "80"]]));
  headers.close();
});
