import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestCluster, type TestCluster } from "@manta/testkit";
import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "manta-websocket-"));
let test: TestCluster;

const source = `
import { deployment } from "mantaray";
class App {
  fetch() { return "plain"; }
  websocket(socket: WebSocket, request: Request) {
    const name = new URL(request.url).searchParams.get("name");
    if (name === "throws") throw new Error("no");
    socket.addEventListener("message", ({ data }) => socket.send(typeof data === "string" ? name + ": " + data : data));
  }
}
export const app = deployment(App).bind();
class Plain { fetch() { return "no sockets here"; } }
export const plain = deployment(Plain).bind();
`;

const application = (name: string, replicas = 2, ongoingMax = 100): unknown => ({
  name,
  route_prefix: `/${name}`,
  import_path: name === "plain" ? "app:plain" : "app:app",
  deployments: [
    {
      name: name === "plain" ? "Plain" : "App",
      num_replicas: replicas,
      max_ongoing_requests: ongoingMax,
      ray_actor_options: { num_cpus: 0.5 },
    },
  ],
});

beforeAll(async () => {
  writeFileSync(join(folder, "app.ts"), source);
  const config = { applications: [application("app"), application("plain"), application("narrow", 1, 1)] };
  test = await startTestCluster({ workers: [4, 4], config, appPath: [folder] });
});
afterAll(async () => {
  await test?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A client that gathers what comes. */
const open = async (
  path: string,
): Promise<{ socket: WebSocket; messages: unknown[]; closed: Promise<{ code: number; wasClean: boolean }> }> => {
  const socket = new WebSocket(`${test.cluster.url.replace("http:", "ws:")}${path}`);
  socket.binaryType = "arraybuffer";
  const messages: unknown[] = [];
  socket.addEventListener("message", ({ data }) => messages.push(data));
  const closed = new Promise<{ code: number; wasClean: boolean }>((resolve) => {
    socket.addEventListener("close", ({ code, wasClean }) => resolve({ code, wasClean }));
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error("the WebSocket was not opened")));
  });
  return { socket, messages, closed };
};

const soon = { timeoutMs: 10_000, intervalMs: 5 };

describe("a WebSocket", { timeout: 60_000 }, () => {
  it("carries text and bytes of any length both ways, and closes in order", async () => {
    const { socket, messages, closed } = await open("/app/?name=Ada");
    const big = new Uint8Array(3_000_000).map((_, index) => index % 251);
    socket.send("hello");
    socket.send("");
    socket.send(big);
    await waitFor(() => messages.length === 3, { ...soon, what: "the echoes" });
    expect(messages.slice(0, 2)).toEqual(["Ada: hello", "Ada: "]);
    expect(Buffer.compare(Buffer.from(messages[2] as ArrayBuffer), big)).toBe(0);
    socket.close(4_001, "enough");
    expect(await closed).toEqual({ code: 4_001, wasClean: true });
  });

  it("leaves its place in the replica as soon as it is closed", { timeout: 25_000 }, async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      const { socket, closed } = await open("/narrow/");
      socket.close();
      expect((await closed).wasClean).toBe(true);
    }
  });

  it("is told when its handler fails, and refused where there is none", async () => {
    const { closed } = await open("/app/?name=throws");
    expect((await closed).code).toBe(1_011);
    await expect(open("/plain/")).rejects.toThrow("not opened");
    expect(await (await fetch(`${test.cluster.url}/plain/`)).text()).toBe("no sockets here");
    expect(await (await fetch(`${test.cluster.url}/app/`)).text()).toBe("plain");
  });

  it("is told to come back when its proxy or its replica leaves, and is never cut", async () => {
    const clients = await Promise.all(Array.from({ length: 12 }, (_, index) => open(`/app/?name=c${index}`)));
    for (const { socket } of clients) socket.send("here");
    await waitFor(() => clients.every(({ messages }) => messages.length === 1), { ...soon, what: "the echoes" });
    const node = test.cluster.nodes.find(({ head }) => !head);
    const pid = node?.pid ?? 0;
    process.kill(pid, "SIGTERM");
    const told = clients.map(({ closed }) => closed);
    const first = await Promise.race(told);
    expect(first).toEqual({ code: 1_012, wasClean: true });
    await test.state.until("the node's next life", async () => node?.pid !== undefined && node.pid !== pid);
    for (const { socket } of clients) socket.close();
    for (const { code, wasClean } of await Promise.all(told)) {
      expect([1_005, 1_012]).toContain(code);
      expect(wasClean).toBe(true);
    }
    const again = await open("/app/?name=again");
    again.socket.send("x");
    await waitFor(() => again.messages[0] === "again: x", { ...soon, what: "an echo" });
    again.socket.close();
  });
});
