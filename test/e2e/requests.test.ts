import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { killPid, startTestCluster, type TestCluster } from "@manta/testkit";
import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RoutingWatch } from "../fault/measure/routing-watch.ts";

const folder = mkdtempSync(join(tmpdir(), "manta-requests-"));
const executionsFile = join(folder, "executions");
const application = (name: string, deployment: string, replicas: number) => ({
  name,
  route_prefix: `/${name}`,
  import_path: `requests:${name}`,
  deployments: [{ name: deployment, num_replicas: replicas, ray_actor_options: { num_cpus: 0.1 } }],
});
let test: TestCluster;
/** URLs of the workers' own proxies. */
let proxies: readonly string[];

beforeAll(async () => {
  test = await startTestCluster({
    workers: [2, 2],
    front: false,
    config: { applications: [application("pid", "Pid", 4), application("pay", "Pay", 2)] },
    appPath: [fileURLToPath(new URL("app", import.meta.url))],
    env: { TEST_EXECUTIONS: executionsFile },
  });
  const { cluster } = test;
  proxies = cluster.nodes.filter(({ name }) => name !== "head").map((node) => `http://${cluster.proxyOf(node)}`);
  await waitFor(
    async () => {
      const statuses = await Promise.all(proxies.map(async (url) => (await fetch(`${url}/pid`)).status));
      return statuses.every((status) => status === 200);
    },
    { timeoutMs: 30_000, what: "answers of every proxy" },
  );
}, 120_000);
afterAll(async () => {
  await test?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What a test cannot go on without: a pid of 0 would be everybody's. */
const known = <T>(found: T | undefined): T => {
  if (found === undefined) throw new Error("the cluster does not have what the test looks for");
  return found;
};

/** Pids of the replicas that began with a request, in order. */
const executions = (id: string): number[] => {
  try {
    const lines = readFileSync(executionsFile, "utf8").split("\n");
    return lines.filter((line) => line.startsWith(`${id} `)).map((line) => Number(line.slice(id.length)));
  } catch {
    return [];
  }
};

describe("a replica that dies", () => {
  it("is out of the tables of its own node within 100 ms, of the others within a second", async () => {
    const { cluster, state, tempDir } = test;
    const watch = new RoutingWatch(cluster, tempDir);
    const times: { readonly sameNodeMs: number; readonly otherNodesMs: number }[] = [];
    try {
      // The watch may not hear of the first ones: it counts none then.
      await waitFor(
        async () => {
          const victim = known((await state.actors("ServeReplica:Pid"))[0]);
          const home = cluster.nodes.find(({ nodeId }) => nodeId === victim.node_id);
          const diedMs = performance.now();
          killPid(victim.pid);
          const gone = await watch.gone(victim.actor_id, home, diedMs);
          if (gone.sameNodeMs > 0) times.push(gone);
          await state.until("four replicas", async () => (await state.replicas("pid", "Pid")).length === 4);
          return times.length === 3;
        },
        { timeoutMs: 60_000, what: "three deaths" },
      );
    } finally {
      watch.close();
    }
    // The best of three: a busy machine delays one or the other, a poll on the way would delay all.
    expect(Math.min(...times.map(({ sameNodeMs }) => sameNodeMs))).toBeLessThanOrEqual(100);
    expect(Math.min(...times.map(({ otherNodesMs }) => otherNodesMs))).toBeLessThanOrEqual(1_000);
  });
});

describe("a replica that is stopped", () => {
  it("costs no request that may be repeated, and none of them more than two and a half seconds", async () => {
    const { pid } = known((await test.state.actors("ServeReplica:Pid"))[0]);
    const end = new AbortController();
    const seen = { answers: 0, longestMs: 0, bad: [] as string[] };
    const client = async (url: string): Promise<void> => {
      while (!end.signal.aborted) {
        const startMs = performance.now();
        const response = await fetch(`${url}/pid`);
        const text = await response.text();
        if (response.status !== 200) seen.bad.push(`${response.status} ${text}`);
        seen.longestMs = Math.max(seen.longestMs, performance.now() - startMs);
        seen.answers += 1;
      }
    };
    const clients = proxies.flatMap((url) => Array.from({ length: 4 }, () => client(url)));
    await waitFor(() => seen.answers > 100, { timeoutMs: 10_000, what: "traffic" });
    process.kill(pid, "SIGSTOP");
    const stoppedMs = performance.now();
    await waitFor(() => performance.now() - stoppedMs > 5_000, { timeoutMs: 10_000, what: "five seconds" });
    process.kill(pid, "SIGCONT");
    await waitFor(
      async () => {
        const answers = await Promise.all(
          proxies.flatMap((url) => Array.from({ length: 16 }, async () => (await fetch(`${url}/pid`)).text())),
        );
        return answers.some((text) => text === `{"pid":${pid}}`);
      },
      { timeoutMs: 15_000, what: "answers of the replica that goes on" },
    );
    end.abort();
    await Promise.all(clients);
    process.stdout.write(
      `stopped replica: ${seen.answers} answers, the slowest after ${Math.round(seen.longestMs)} ms\n`,
    );
    expect(seen.bad).toEqual([]);
    expect(seen.longestMs).toBeLessThan(2_500);
  });
});

const pay = (url: string, id: string, ms: number): Promise<Response> =>
  fetch(`${url}/pay?ms=${ms}`, { method: "POST", body: id, headers: { "idempotency-key": id } });
const killedProxy = async (): Promise<{ url: string; pid: number; other: string }> => {
  const { cluster, state } = test;
  const [url = "", other = ""] = proxies;
  const node = cluster.nodes.find(({ name }) => name === "worker-1");
  const actors = await state.actors("HTTPProxyActor");
  const proxy = actors.find(({ node_id }) => node_id === node?.nodeId);
  return { url, other, pid: known(proxy).pid };
};

describe("a POST with an Idempotency-Key", () => {
  it("runs once though its proxy is killed: 409 while it runs, then its answer, at another proxy", async () => {
    const { url, other, pid } = await killedProxy();
    const lost = pay(url, "order-1", 1_500).catch((error: unknown) => error);
    await waitFor(() => executions("order-1").length === 1, { timeoutMs: 10_000, what: "the run" });
    process.kill(pid, "SIGKILL");
    expect(await lost).toBeInstanceOf(Error);
    const early = await pay(other, "order-1", 1_500);
    expect([early.status, early.headers.get("retry-after"), early.headers.get("x-manta-reason")]).toEqual([
      409,
      "1",
      "key_in_progress",
    ]);
    const late = await waitFor(
      async () => {
        const response = await pay(other, "order-1", 1_500);
        return response.status !== 409 && response;
      },
      { timeoutMs: 10_000, what: "the answer" },
    );
    expect([late.status, await late.text(), late.headers.get("idempotency-replayed")]).toEqual([
      201,
      "paid order-1",
      "true",
    ]);
    expect(executions("order-1")).toHaveLength(1);
  });

  it("is answered though its replica is killed, and its answer is the one that is kept", async () => {
    const [, url = ""] = proxies;
    const answer = pay(url, "order-2", 1_000);
    await waitFor(() => executions("order-2").length === 1, { timeoutMs: 10_000, what: "the run" });
    killPid(known(executions("order-2")[0]));
    const response = await answer;
    expect([response.status, await response.text(), response.headers.get("x-manta-retries")]).toEqual([
      201,
      "paid order-2",
      "1",
    ]);
    expect(new Set(executions("order-2")).size).toBe(2);
    const again = await pay(url, "order-2", 1_000);
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([201, "true"]);
  });
});
