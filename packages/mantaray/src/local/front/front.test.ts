import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { waitFor } from "../../base/wait.ts";
import { type FrontProcess, startFront } from "../front-process.ts";

const running: { close(): unknown }[] = [];
afterEach(async () => {
  for (const part of running.splice(0)) await part.close();
});

const portOf = (server: { address(): AddressInfo | string | null }): number => (server.address() as AddressInfo).port;

/** A proxy that answers its own name. */
const startProxy = async (name: string): Promise<{ target: string; server: Server }> => {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => response.end(name));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  running.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return { target: `127.0.0.1:${portOf(server)}`, server };
};

const freePort = async (): Promise<number> => {
  const server = createTcpServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const port = portOf(server);
  server.close();
  await once(server, "close");
  return port;
};

const front = async (...targets: string[]): Promise<FrontProcess> => {
  const process = await startFront({ host: "127.0.0.1", port: await freePort(), targets });
  running.unshift({ close: () => process.stop() });
  return process;
};

const ask = async (url: string): Promise<string> => (await fetch(url, { headers: { connection: "close" } })).text();

describe("the front address", () => {
  it("spreads connections over the proxies and passes by one that is gone", async () => {
    const [one, two] = [await startProxy("one"), await startProxy("two")];
    const { url } = await front(one.target, two.target);
    const seen = await waitFor(
      async () => {
        const answers = new Set([await ask(url), await ask(url), await ask(url)]);
        return answers.size === 2 ? answers : undefined;
      },
      { timeoutMs: 5_000, what: "both proxies answering" },
    );
    expect([...seen].toSorted()).toEqual(["one", "two"]);
    one.server.closeAllConnections();
    one.server.close();
    for (let index = 0; index < 10; index += 1) expect(await ask(url)).toBe("two");
  });

  it("keeps what the client sends while it looks for a proxy", async () => {
    const only = await startProxy("only");
    const { url } = await front(`127.0.0.1:${await freePort()}`, only.target);
    const body = "x".repeat(300_000);
    const response = await fetch(url, { method: "POST", body });
    expect([response.status, await response.text()]).toEqual([200, "only"]);
  });

  it("answers 503 when no proxy is there", async () => {
    const { url } = await front(`127.0.0.1:${await freePort()}`);
    const response = await fetch(url);
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
  });

  it("ends the client's connection with its proxy's", async () => {
    const accepted: Socket[] = [];
    const server = createTcpServer((socket) => accepted.push(socket.on("error", () => {}))).listen(0, "127.0.0.1");
    await once(server, "listening");
    running.push({ close: () => server.close() });
    const { url } = await front(`127.0.0.1:${portOf(server)}`);
    const client = connect(Number(new URL(url).port), "127.0.0.1");
    client.write("GET / HTTP/1.1\r\n\r\n");
    await waitFor(() => accepted.find((socket) => socket.bytesRead > 0 && !socket.destroyed), {
      timeoutMs: 5_000,
      what: "the bytes at the proxy",
    });
    for (const socket of accepted) socket.destroy();
    await once(client.resume(), "close");
    expect(client.bytesRead).toBe(0);
  });

  it("lets a client that has said everything wait for its answer", async () => {
    const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => {});
      socket.resume().on("end", () => setImmediate(() => socket.end("the answer")));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    running.push({ close: () => server.close() });
    const { url } = await front(`127.0.0.1:${portOf(server)}`);
    const client = connect({ port: Number(new URL(url).port), host: "127.0.0.1", allowHalfOpen: true });
    client.end("the question");
    expect(Buffer.concat((await client.toArray()) as Buffer[]).toString()).toBe("the answer");
  });

  it("says that its address is taken", async () => {
    const server = createTcpServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    running.push({ close: () => server.close() });
    await expect(startFront({ host: "127.0.0.1", port: portOf(server), targets: [] })).rejects.toThrow(
      /cannot be used.*EADDRINUSE/,
    );
  });
});
