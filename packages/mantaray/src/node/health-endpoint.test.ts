import { connect } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { serveHealth } from "./health-endpoint.ts";

const start = async (state: { healthy: boolean }): Promise<{ url: string; port: number }> => {
  const endpoint = await serveHealth({ host: "127.0.0.1", port: 0, healthy: () => state.healthy });
  onTestFinished(() => endpoint.close());
  return { url: `http://127.0.0.1:${endpoint.port}`, port: endpoint.port };
};

describe("serveHealth", () => {
  it.each(["/api/local_raylet_healthz", "/api/healthz", "/api/healthz?verbose=1"])("answers %s", async (path) => {
    const state = { healthy: true };
    const { url } = await start(state);
    const good = await fetch(url + path);
    expect([good.status, good.headers.get("content-type"), await good.text()]).toEqual([
      200,
      "application/text",
      "success",
    ]);
    state.healthy = false;
    const bad = await fetch(url + path);
    expect([bad.status, await bad.text()]).toEqual([503, "Local Raylet failed"]);
  });

  it("knows nothing else", async () => {
    const { url } = await start({ healthy: true });
    for (const path of ["/", "/api", "/api/healthz/", "/../etc/passwd"])
      expect((await fetch(url + path)).status).toBe(404);
    expect((await fetch(`${url}/api/healthz`, { method: "POST" })).status).toBe(404);
  });

  it("cuts a head that is too long", async () => {
    const { port } = await start({ healthy: true });
    const socket = connect(port, "127.0.0.1");
    socket.write(`GET /api/healthz HTTP/1.1\r\nhost: a\r\nx: ${"y".repeat(10_000)}\r\n\r\n`);
    let answer = "";
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toMatch(/^HTTP\/1.1 431 /);
  });

  it("names the option when the port is taken", async () => {
    const { port } = await start({ healthy: true });
    await expect(serveHealth({ host: "127.0.0.1", port, healthy: () => true })).rejects.toThrow(
      `--dashboard-agent-listen-port must be free on the node's address, 127.0.0.1:${port} is not`,
    );
  });
});
