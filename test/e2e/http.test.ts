import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Agent, type IncomingMessage, type RequestOptions, request } from "node:http";
import { createConnection } from "node:net";
import { fileURLToPath } from "node:url";
import { startTestCluster, type TestCluster } from "@manta/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let test: TestCluster;
let base: URL;

beforeAll(async () => {
  test = await startTestCluster({
    workers: [2, 2],
    appPath: [fileURLToPath(new URL("../fixtures/http", import.meta.url))],
    config: {
      applications: [
        {
          name: "http",
          route_prefix: "/http",
          import_path: "http_app:app",
          deployments: [{ name: "Http", ray_actor_options: { num_cpus: 0.1 } }],
        },
      ],
    },
  });
  base = new URL(test.cluster.url);
});
afterAll(() => test?.stop());

interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/** One request as given; `chunks` are written one by one without a length. */
const send = async (path: string, options: RequestOptions = {}, chunks: readonly Buffer[] = []): Promise<Reply> => {
  const outgoing = request(new URL(path, base), options);
  if (options.headers !== undefined && "expect" in options.headers) {
    outgoing.flushHeaders();
    await once(outgoing, "continue");
  }
  for (const chunk of chunks) outgoing.write(chunk);
  outgoing.end();
  const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
  const body = Buffer.concat((await incoming.toArray()) as Buffer[]);
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body };
};

const posted = (body: string): string => `POST /http/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n${body}`;

const get = async (url: string): Promise<[number, string]> => {
  const response = await fetch(url);
  return [response.status, await response.text()];
};

describe("through the front address", () => {
  it("a connection serves one request after another", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    agent.on("free", (socket: { localPort?: number }) => ports.add(socket.localPort));
    for (let count = 0; count < 5; count += 1) expect((await send("/http/echo", { agent })).status).toBe(200);
    agent.destroy();
    expect(ports.size).toBe(1);
  });

  it("pipelined requests are answered in order", async () => {
    const socket = createConnection({ port: Number(base.port), host: base.hostname, allowHalfOpen: true });
    socket.write(`${posted("a")}${posted("b")}${posted("c").replace("host: x", "host: x\r\nconnection: close")}`);
    const text = Buffer.concat((await socket.toArray()) as Buffer[]).toString();
    expect(text.match(/\r\n\r\n./g)?.map((match) => match.at(-1))).toEqual(["a", "b", "c"]);
  });

  it("a body without a length, and one of 10 MB, arrive whole", async () => {
    const chunks = Array.from({ length: 10 }, () => randomBytes(100_000));
    const chunked = await send("/http/echo", { method: "POST" }, chunks);
    expect(chunked.body.equals(Buffer.concat(chunks))).toBe(true);
    const large = randomBytes(10_000_000);
    const whole = await send("/http/echo", { method: "PUT", headers: { "content-length": large.length } }, [large]);
    expect(whole.headers["x-method"]).toBe("PUT");
    expect(whole.body.equals(large)).toBe(true);
  });

  it("a client that waits for 100 Continue gets it", async () => {
    const headers = { expect: "100-continue", "content-length": 5 };
    expect((await send("/http/echo", { method: "POST", headers }, [Buffer.from("hello")])).body.toString()).toBe(
      "hello",
    );
  });

  it("HEAD has the fields and no body", async () => {
    const { status, body, headers } = await send("/http/echo", { method: "HEAD" });
    expect([status, body.length, headers["x-method"]]).toEqual([200, 0, "HEAD"]);
  });

  it("an answer that streams arrives as it is made", async () => {
    const response = await fetch(new URL("/http/stream", base));
    const seen: string[] = [];
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) seen.push(decoder.decode(chunk));
    expect(seen.join("")).toBe("one two three");
    expect(seen.length).toBeGreaterThan(1);
  });

  it("a client that goes away cancels the work in the replica", async () => {
    const before = Number((await send("/http/canceled")).body.toString());
    const gone = new AbortController();
    const waiting = fetch(new URL("/http/wait", base), { signal: gone.signal });
    setTimeout(() => gone.abort(), 300);
    await expect(waiting).rejects.toThrow("aborted");
    await test.state.until("the abort in the replica", async () => {
      return Number((await send("/http/canceled")).body.toString()) === before + 1;
    });
  });

  it("a request that takes too long is answered 408, and names itself", async () => {
    const headers = { "x-request-timeout-seconds": "0.3", "x-request-id": "slow-1" };
    const { status, body } = await send("/http/wait", { headers });
    expect(status).toBe(408);
    expect(body.toString()).toMatch(/slow-1.*0\.3/);
  });

  it("an id is kept, or made", async () => {
    const given = await send("/http/echo", { headers: { "x-request-id": "mine" } });
    expect(given.headers["x-request-id"]).toBe("mine");
    const made = await send("/http/echo");
    expect(made.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("an exception is 500 and tells nothing", async () => {
    const { status, body } = await send("/http/throw");
    expect([status, body.toString()]).toEqual([500, "Internal Server Error"]);
  });

  it("a path of nobody is 404 and says where to look", async () => {
    const { status, body } = await send("/nothing");
    expect(status).toBe(404);
    expect(body.toString()).toContain("/-/routes");
  });
});

describe("the system routes", () => {
  it("answer on the head and where replicas are", async () => {
    const { cluster, state } = test;
    const [replica] = await state.replicas("http", "Http");
    const nodes = cluster.nodes.filter((node) => node.head || node.nodeId === replica?.node_id);
    expect(nodes).toHaveLength(2);
    for (const node of nodes) {
      const proxy = `http://${cluster.proxyOf(node)}`;
      await state.until(`health of ${node.name}`, async () => (await get(`${proxy}/-/healthz`))[0] === 200);
      expect(await get(`${proxy}/-/healthz`)).toEqual([200, "success"]);
      expect(await get(`${proxy}/-/routes`)).toEqual([200, '{"/http":"http"}']);
    }
  });
});
