import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encodeRequestHead } from "../fixtures/request-frames.ts";
import { LazyRequest } from "./lazy-request.ts";
import { RequestBody } from "./request-body.ts";
import { RequestHead } from "./request-head.ts";
import { installWebGlobals } from "./web-globals.ts";

let uninstall: () => void;
beforeEach(() => {
  uninstall = installWebGlobals();
});
afterEach(() => uninstall());

const lazy = (body: string, host = "h"): Request => {
  const head = encodeRequestHead({
    method: "POST",
    target: "/x",
    fields: [
      ["host", host],
      ["x-a", "1"],
    ],
  });
  const flow = { pause: (): void => undefined, resume: (): void => undefined };
  return new LazyRequest(new RequestHead(head), new RequestBody(Buffer.from(body), true, flow)) as unknown as Request;
};

describe("the web globals of a replica", () => {
  it("make new requests of lazy ones", async () => {
    const request = lazy("body");
    const copy = new Request(request, { headers: { "x-b": "2" } });
    expect([copy.method, copy.url, copy.headers.get("x-b"), await copy.text()]).toEqual([
      "POST",
      "http://h/x",
      "2",
      "body",
    ]);
    expect(request.bodyUsed).toBe(true);
    const moved = new Request("http://other/", lazy("again"));
    expect([moved.url, moved.method, moved.headers.get("x-a"), await moved.text()]).toEqual([
      "http://other/",
      "POST",
      "1",
      "again",
    ]);
  });

  it("keep classes and identities as they were", () => {
    class Own extends Request {}
    expect(new Own("http://h/") instanceof Own).toBe(true);
    expect(new Request("http://h/") instanceof Request).toBe(true);
    expect(lazy("") instanceof Request && lazy("").constructor === Request).toBe(true);
    expect(new Response("x").constructor === Response).toBe(true);
    expect(new Response("x").clone() instanceof Response).toBe(true);
  });

  it("fetch with a lazy request", async () => {
    const server = createServer((request, response) => {
      request.pipe(response.writeHead(200, { "x-method": request.method }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const response = await fetch(lazy("echo", `127.0.0.1:${port}`));
      expect([response instanceof Response, response.headers.get("x-method"), await response.text()]).toEqual([
        true,
        "POST",
        "echo",
      ]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
