import { afterEach, expect, it } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { waitFor } from "../../base/wait.ts";
import { type FakeReplica, type Script, whenComplete } from "../routing/fake-replica.ts";
import { responseHead, TestProxy } from "./test-proxy.ts";

const random = seededRandom(11);
const replicasMax = 5;
const killsMax = 12;
const options = { maxOngoingRequests: 3 };
let proxy: TestProxy;

afterEach(() => proxy.stop());

/** How often each POST was begun, by the id that it carries as its body. */
const begun = new Map<string, number>();

/** Answers after up to 10 ms. */
const working: Script = (arrival) => {
  const id = arrival.body.toString();
  const handler = whenComplete(arrival, (stream) => {
    if (id !== "") begun.set(id, (begun.get(id) ?? 0) + 1);
    setTimeout(() => stream.respond(responseHead(200, 2), Buffer.from("ok"), true), random.next() * 10);
  });
  return handler;
};

/** Kills a replica, lets the proxy find out by itself, and only then publishes what is there. */
const killAndReplace = async (replicas: FakeReplica[]): Promise<void> => {
  const [victim] = replicas.splice(Math.floor(random.next() * replicas.length), 1);
  await victim?.die();
  replicas.push(await proxy.replica(working));
  await proxy.serve(replicas, options);
};

it("under kill after kill every GET is answered, and no POST runs twice or fails without a reason", async () => {
  proxy = await TestProxy.start();
  const replicas = await Promise.all(Array.from({ length: replicasMax }, () => proxy.replica(working)));
  await proxy.serve(replicas, options);
  const statuses: Record<string, number> = {};
  const end = new AbortController();
  let ids = 0;
  const client = async (method: string): Promise<void> => {
    while (!end.signal.aborted) {
      const init = method === "GET" ? {} : { method, body: `post-${(ids += 1)}` };
      const response = await fetch(`${proxy.url}/app`, init);
      await response.text();
      const outcome = `${method} ${response.status} ${response.headers.get("x-manta-reason") ?? ""}`.trim();
      statuses[outcome] = (statuses[outcome] ?? 0) + 1;
    }
  };
  const clients = Array.from({ length: 24 }, (_, index) => client(index % 2 === 0 ? "GET" : "POST"));
  for (let kills = 0; kills < killsMax; kills += 1) {
    const answered = proxy.core.stats.byClass[2] ?? 0;
    await waitFor(() => (proxy.core.stats.byClass[2] ?? 0) > answered + 100, { timeoutMs: 10_000, what: "traffic" });
    await killAndReplace(replicas);
  }
  end.abort();
  await Promise.all(clients);

  expect(Object.keys(statuses).filter((outcome) => !/^(GET 200|POST 200|POST 503 actor_died)$/.test(outcome))).toEqual(
    [],
  );
  expect(Math.max(...begun.values())).toBe(1);
  const counters = proxy.pool.counters();
  const { ok, lost, requests, okAfterRetry } = counters;
  expect(ok + lost).toBe(requests);
  expect(lost).toBe(statuses["POST 503 actor_died"] ?? 0);
  expect(okAfterRetry).toBeGreaterThan(0);
  expect(lost).toBeLessThanOrEqual(killsMax * options.maxOngoingRequests);
  expect(proxy.pool.router("app#D").ongoing).toBe(0);
});
