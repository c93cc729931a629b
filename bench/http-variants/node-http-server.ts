import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { announce } from "./serve-child.ts";

// What an application without a framework does: reads the body, parses it, answers ten bytes of text.
const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    if (parts.length > 0) JSON.parse(Buffer.concat(parts).toString());
    response.writeHead(200, { "content-type": "text/plain", "content-length": "10" });
    response.end("0123456789");
  });
});
server.keepAliveTimeout = 90_000;
server.listen(0, "127.0.0.1", () => announce((server.address() as AddressInfo).port));
