import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { announce } from "./serve-child.ts";

// What an application without a framework does: reads the body, answers ten bytes of text.
const server = createServer((request, response) => {
  request.on("data", () => {});
  request.on("end", () => {
    response.writeHead(200, { "content-type": "text/plain", "content-length": "10" });
    response.end("0123456789");
  });
});
server.keepAliveTimeout = 90_000;
server.listen(0, "127.0.0.1", () => announce((server.address() as AddressInfo).port));
