import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, it } from "vitest";
import { SocketConnector } from "./socket-connector.ts";

it("survives a socket that fails twice, as one does whose TLS alert comes after the refused certificate", async () => {
  const server = createServer((socket) => socket.resume());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const connector = new SocketConnector({ host: "127.0.0.1", port, disconnectTimeout: 0 });
  const socket = await connector.connect();
  await once(socket, "connect");
  // The client listens once.
  const heard: unknown[] = [];
  socket.once("error", (error) => heard.push(error));
  const [first, second] = [new Error("refused certificate"), new Error("alert")];
  socket.emit("error", first);
  expect(socket.emit("error", second), "somebody listens").toBe(true);
  expect(heard).toEqual([first]);
  expect(connector.firstError).toBe(first);
  const closed = once(socket, "close");
  connector.disconnect();
  await closed;
  server.close();
});
