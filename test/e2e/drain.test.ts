import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type NodeRow, startTestCluster, type TestCluster } from "@manta/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLoad, type Load } from "../../bench/load/load.ts";

/** Every worker node leaves in turn while clients go on; nobody may notice. */
const folder = mkdtempSync(join(tmpdir(), "manta-drain-"));
let test: TestCluster;

const source = `
import { setTimeout as pause } from "node:timers/promises";
import { deployment } from "mantaray";
class App {
  async fetch(request: Request) {
    const { pathname } = new URL(request.url);
    if (pathname.endsWith("/upload")) return String((await request.arrayBuffer()).byteLength);
    if (pathname.endsWith("/events")) return new Response(events(), { headers: { "content-type": "text/event-stream" } });
    await pause(5);
    return request.method === "POST" ? await request.text() : "pid " + process.pid;
  }
}
async function* parts() {
  for (let count = 0; count < 20; count += 1) {
    yield new TextEncoder().encode("id: " + count + "\\n\\n");
    await pause(50);
  }
}
const events = () => ReadableStream.from(parts());
export const app = deployment(App).bind();
`;

const config = {
  applications: [
    {
      name: "app",
      route_prefix: "/",
      import_path: "app:app",
      deployments: [{ name: "App", num_replicas: 4, max_ongoing_requests: 100, ray_actor_options: { num_cpus: 0.5 } }],
    },
  ],
};

const uploadBytes = 10 * 1024 * 1024;

beforeAll(async () => {
  writeFileSync(join(folder, "app.ts"), source);
  test = await startTestCluster({ workers: [4, 4], config, appPath: [folder] });
});
afterAll(async () => {
  await test?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const startLoads = (): Load[] => {
  const { url } = test.cluster;
  const loads = [
    createLoad({
      url,
      connections: 24,
      ratePerSecond: 300,
      timeoutMs: 15_000,
      requests: [
        { name: "GET", path: "/pid", weight: 2, expect: (_status, body) => body.startsWith("pid ") },
        { name: "POST", path: "/echo", method: "POST", body: "hello", expect: (_status, body) => body === "hello" },
      ],
    }),
    createLoad({
      url,
      connections: 1,
      ratePerSecond: 2,
      timeoutMs: 20_000,
      requests: [
        {
          name: "upload",
          path: "/upload",
          method: "POST",
          body: Buffer.alloc(uploadBytes, 7),
          expect: (_status, body) => body === String(uploadBytes),
        },
      ],
    }),
  ];
  for (const load of loads) load.start();
  return loads;
};

/** Reads event streams of a second, four at a time, until stopped. */
const startStreams = (): { stop: () => Promise<{ whole: number; broken: string[] }> } => {
  const stopped = new AbortController();
  const seen = { whole: 0, broken: [] as string[] };
  const loop = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const text = await readStream();
      if (text.endsWith("id: 19\n\n")) seen.whole += 1;
      else seen.broken.push(text.slice(-40));
    }
  };
  const loops = Promise.all([loop(), loop(), loop(), loop()]);
  return {
    stop: async () => {
      stopped.abort();
      await loops;
      return seen;
    },
  };
};

/** The whole text of a stream, or what came of it and why no more. */
const readStream = (): Promise<string> =>
  new Promise((resolve) => {
    let text = "";
    const request = get(`${test.cluster.url}/events`, { agent: false }, (response) => {
      response.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
      response.once("close", () => resolve(response.complete ? text : `${text} cut`));
    });
    request.once("error", (error) => resolve(`${text} ${error.message}`));
  });

const workers = async (): Promise<NodeRow[]> =>
  (await test.state.nodes()).filter(({ state, is_head_node }) => state === "ALIVE" && !is_head_node);

/** How a run of the command ended. */
interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const bin = fileURLToPath(new URL("../../packages/mantaray/bin/manta.js", import.meta.url));

const drain = (...args: string[]): Promise<Outcome> => manta("drain", ...args);

const manta = (...args: string[]): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], {
      env: test.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (bytes: Buffer) => (stdout += bytes.toString()));
    child.stderr.on("data", (bytes: Buffer) => (stderr += bytes.toString()));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });

describe("a rolling drain", { timeout: 180_000 }, () => {
  it("of every worker node in turn costs no request of any kind", async () => {
    const loads = startLoads();
    const streams = startStreams();
    try {
      await test.state.until("traffic", async () => (loads[0]?.snapshot().ok ?? 0) > 300);
      for (const { node_id: nodeId, node_ip: ip } of await workers()) {
        const { code, stdout, stderr } = await drain(ip, "--timeout-s", "60");
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        expect(stdout).toContain("It has left.");
        // As a kubelet would, the test's cluster starts the node anew.
        await nextLife(ip, nodeId);
        await test.state.until("all replicas", async () => (await test.state.replicas("app", "App")).length === 4);
      }
    } finally {
      const results = await Promise.all(loads.map((load) => load.stop(10_000)));
      const events = await streams.stop();
      for (const { sent, ok, wrong, statuses, cut, timedOut, refused } of results) {
        expect({ ok, wrong, statuses, cut, timedOut, refused }).toEqual({
          ok: sent,
          wrong: 0,
          statuses: {},
          cut: 0,
          timedOut: 0,
          refused: 0,
        });
      }
      expect(events.broken).toEqual([]);
      expect(events.whole).toBeGreaterThan(20);
    }
  });
});

/** A node of the test's cluster has begun a new life at this address. */
const nextLife = (ip: string, nodeId: string): Promise<true | undefined> =>
  test.state.until("the node's next life", async () =>
    (await workers()).some((node) => node.node_ip === ip && node.node_id !== nodeId) ? true : undefined,
  );

/** Pid of the proxy of a node. */
const proxyOf = async (nodeId: string): Promise<number> =>
  await test.state.until(
    "the node's proxy",
    async () =>
      (await test.state.actors("HTTPProxyActor")).find((actor) => actor.node_id === nodeId && actor.pid > 0)?.pid,
  );

describe("a proxy that gets", { timeout: 120_000 }, () => {
  it.each(["SIGTERM", "SIGKILL"] as const)("%s refuses no connection, for its socket stays", async (signal) => {
    const [node] = await workers();
    const nodeId = node?.node_id ?? "";
    const url = `http://${node?.node_ip}:8000`;
    await test.state.until("the node's proxy answering", async () => (await fetch(`${url}/-/healthz`)).ok);
    const requests = [{ name: "POST", path: "/echo", method: "POST", body: "x" }];
    const load = createLoad({ url, connections: 16, ratePerSecond: 200, timeoutMs: 15_000, requests });
    load.start();
    const kills = 3;
    for (let kill = 0; kill < kills; kill += 1) {
      const { ok } = load.snapshot();
      await test.state.until("traffic", async () => load.snapshot().ok > ok + 100);
      const pid = await proxyOf(nodeId);
      process.kill(pid, signal);
      await test.state.until("the next proxy", async () => (await proxyOf(nodeId)) !== pid);
    }
    const { sent, ok, wrong, statuses, cut, timedOut, refused } = await load.stop(10_000);
    expect({ wrong, statuses, timedOut, refused }).toEqual({ wrong: 0, statuses: {}, timedOut: 0, refused: 0 });
    expect(ok + cut).toBe(sent);
    expect(cut).toBeLessThanOrEqual(signal === "SIGTERM" ? 0 : kills * 16);
  });
});

describe("manta drain", { timeout: 120_000 }, () => {
  it("refuses the only head, and a node that is not there", async () => {
    const head = (await test.state.nodes()).find(({ is_head_node }) => is_head_node);
    const refused = await drain(head?.node_ip ?? "");
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toMatch(/is the head and no standby could lead: --force/);
    expect((await drain("no-such-node")).stderr).toMatch(/no live node is called "no-such-node"; there are 127/);
  });

  it("is taken by the reference's words, and on the node itself", async () => {
    const [first, second] = await workers();
    const reason = ["--reason", "DRAIN_NODE_REASON_PREEMPTION", "--reason-message", "spot"];
    const told = await manta("drain-node", "--node-id", first?.node_id ?? "", ...reason);
    expect(told).toMatchObject({ code: 0, stderr: "" });
    await nextLife(first?.node_ip ?? "", first?.node_id ?? "");
    const local = await drain("--local", second?.node_ip ?? "", "--no-wait");
    expect(local).toMatchObject({ code: 0, stderr: "" });
    await nextLife(second?.node_ip ?? "", second?.node_id ?? "");
    expect((await drain("--local")).stderr).toMatch(/several nodes run here .*: say which/);
  });
});
