import { afterEach, describe, expect, it } from "vitest";
import { waitFor } from "../../base/wait.ts";
import { requestFlags } from "../../protocol/http-frames.ts";
import type { InStream } from "../../rpc/index.ts";
import {
  answering,
  dyingBeforeAccept,
  dyingInAnswer,
  dyingInUserCode,
  type FakeReplica,
  holding,
  type Script,
  whenComplete,
} from "../routing/fake-replica.ts";
import { responseHead, TestProxy } from "./test-proxy.ts";

const proxies: TestProxy[] = [];

afterEach(async () => {
  await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
});

const start = async (): Promise<TestProxy> => {
  const proxy = await TestProxy.start();
  proxies.push(proxy);
  return proxy;
};

const ok = answering(responseHead(200, 2), Buffer.from("ok"));

/** One replica that has the first request, for it is near, and one that gets what that one loses. */
const nearAndFar = async (script: Script, changes = {}): Promise<{ proxy: TestProxy; far: FakeReplica }> => {
  const proxy = await start();
  const far = await proxy.replica(ok);
  await proxy.serve([await proxy.replica(script, true), far], changes);
  return { proxy, far };
};

const outcome = async (response: Response): Promise<unknown> => {
  await response.text();
  return [response.status, response.headers.get("x-manta-reason"), response.headers.get("retry-after")];
};

const saved = [200, null, null];
const lost = [503, "actor_died", "1"];
const key = { "idempotency-key": "k" };
const large = Buffer.alloc(1024 * 1024 + 1);

describe("a replica that dies before it accepted", () => {
  it.each(["GET", "POST", "PATCH", "DELETE"])("costs no %s", async (method) => {
    const { proxy } = await nearAndFar(dyingBeforeAccept);
    const response = await fetch(`${proxy.url}/app`, { method });
    expect(response.headers.get("x-manta-retries")).toBe("1");
    expect(await outcome(response)).toEqual(saved);
  });
});

describe("a replica that dies after it accepted, before the first byte", () => {
  const cases: readonly [string, RequestInit, object, unknown][] = [
    ["GET", {}, {}, saved],
    ["HEAD", { method: "HEAD" }, {}, saved],
    ["PUT", { method: "PUT", body: "x" }, {}, saved],
    ["DELETE", { method: "DELETE" }, {}, saved],
    ["OPTIONS", { method: "OPTIONS" }, {}, saved],
    ["POST", { method: "POST", body: "x" }, {}, lost],
    ["PATCH", { method: "PATCH", body: "x" }, {}, lost],
    ["POST with a key", { method: "POST", body: "x", headers: key }, {}, saved],
    ["POST of a deployment that lets repeat", { method: "POST", body: "x" }, { retryNonIdempotent: true }, saved],
    ["PUT of 1 MiB", { method: "PUT", body: large.subarray(1) }, {}, saved],
    ["PUT of more", { method: "PUT", body: large }, {}, lost],
    ["PUT of more where more is kept", { method: "PUT", body: large }, { replayBodyBytesMax: 2 * large.length }, saved],
    [
      "PUT of more than its deployment keeps",
      { method: "PUT", body: large.subarray(1) },
      { replayBodyBytesMax: 10 },
      lost,
    ],
  ];

  it.each(cases)("%s", async (_name, init, changes, expected) => {
    const { proxy, far } = await nearAndFar(dyingInUserCode, changes);
    const result = await outcome(await fetch(`${proxy.url}/app`, init));
    expect(result).toEqual(expected);
    expect(far.started).toBe(expected === saved ? 1 : 0);
  });

  it("costs the rest when the budget is spent: ten a second at least, a fifth of much traffic", async () => {
    const proxy = await start();
    const dying = await proxy.replica(holding([]), true);
    await proxy.serve([dying], { maxOngoingRequests: 500 });
    const requests = Array.from({ length: 150 }, async () => outcome(await fetch(`${proxy.url}/app`)));
    await waitFor(() => dying.started === 150, { timeoutMs: 10_000, what: "the requests" });
    const far = await proxy.replica(ok);
    await proxy.serve([dying, far], { maxOngoingRequests: 500 });
    await dying.die();
    const outcomes = await Promise.all(requests);
    const count = outcomes.filter((each) => JSON.stringify(each) === JSON.stringify(saved)).length;
    // The window holds ten seconds of the floor; those beyond wait five seconds for the budget.
    expect(count).toBe(100);
    expect(outcomes.filter((each) => JSON.stringify(each) === JSON.stringify(lost))).toHaveLength(50);
  });
});

describe("a replica that dies after the first byte", () => {
  it("costs the connection, whatever the method", async () => {
    const { proxy, far } = await nearAndFar(dyingInAnswer(responseHead(200), Buffer.from("half")));
    await expect(fetch(`${proxy.url}/app`).then((response) => response.text())).rejects.toThrow("terminated");
    expect(far.offered).toBe(0);
    expect(proxy.core.stats.cut).toBe(1);
  });
});

describe("refusals of ours", () => {
  it("say when to come back: where a queue is full, by the deployment's own words", async () => {
    const proxy = await start();
    const held: InStream[] = [];
    const replica = await proxy.replica(holding(held));
    const full = { maxOngoingRequests: 1, maxQueuedRequests: 1 };
    const fill = async (changes: object): Promise<unknown> => {
      await proxy.serve([replica], { ...full, ...changes });
      return outcome(await fetch(`${proxy.url}/app`));
    };
    await proxy.serve([replica], full);
    const waiting = [fetch(`${proxy.url}/app`), fetch(`${proxy.url}/app`)];
    await waitFor(() => proxy.pool.router("app#D").queued === 1, { timeoutMs: 5_000, what: "the queue" });
    expect(await fill({})).toEqual([503, "queue_full", "1"]);
    expect(await fill({ backpressure: { status: 429, retryAfterS: 2.5 } })).toEqual([429, "queue_full", "3"]);
    expect(await fill({ backpressure: { status: 429, retryAfterS: null } })).toEqual([429, "queue_full", "1"]);
    held[0]?.respond(responseHead(200, 2), Buffer.from("ok"), true);
    await waitFor(() => held.length === 2, { timeoutMs: 5_000, what: "the second" });
    held[1]?.respond(responseHead(200, 2), Buffer.from("ok"), true);
    for (const response of await Promise.all(waiting)) expect(response.status).toBe(200);
  });

  it("say when to come back: health, and a deployment that failed", async () => {
    const proxy = await start();
    expect((await fetch(`${proxy.url}/-/healthz`)).headers.get("retry-after")).toBe("1");
    await proxy.serve([], { available: false });
    expect(await outcome(await fetch(`${proxy.url}/app`))).toEqual([503, "deployment_unavailable", "30"]);
  });
});

const slowlyDying: Script = (arrival) =>
  whenComplete(arrival, () => void setTimeout(() => void arrival.replica.die(), 200));

describe("a deadline", () => {
  it("travels with the request as the time that is left, and a retry gets no more", async () => {
    const seen: number[] = [];
    const noting =
      (script: Script): Script =>
      (arrival) => {
        seen.push(arrival.stream.deadlineMs);
        return script(arrival);
      };
    const proxy = await start();
    await proxy.serve([await proxy.replica(noting(slowlyDying), true), await proxy.replica(noting(ok))]);
    const headers = { "x-request-timeout-seconds": "1.5" };
    expect(await outcome(await fetch(`${proxy.url}/app`, { headers }))).toEqual(saved);
    expect(seen[0]).toBeGreaterThan(1_400);
    expect(seen[0]).toBeLessThanOrEqual(1_500);
    expect(seen[1]).toBeLessThanOrEqual((seen[0] ?? 0) - 190);
  });

  it("ends a request that waits for a retry: 408, with id and time", async () => {
    const proxy = await start();
    await proxy.serve([await proxy.replica(dyingInUserCode)]);
    const headers = { "x-request-timeout-seconds": "0.3", "x-request-id": "r-1" };
    const response = await fetch(`${proxy.url}/app`, { headers });
    expect([response.status, response.headers.get("x-manta-reason")]).toEqual([408, "deadline_exceeded"]);
    expect(await response.text()).toBe("Request r-1 timed out after 0.3s.");
  });
});

describe("a POST with a key", () => {
  it("is marked for the replica where its deployment lets such requests run once, and only there", async () => {
    const flags: number[] = [];
    const noting: Script = (arrival) => {
      flags.push(arrival.head[1] ?? 0);
      return ok(arrival);
    };
    const proxy = await start();
    const replica = await proxy.replica(noting);
    const ask = (method: string, headers: Record<string, string>): Promise<Response> =>
      fetch(`${proxy.url}/app`, { method, headers });
    await proxy.serve([replica]);
    await ask("POST", key);
    await proxy.serve([replica], { idempotency: { ttlMs: 1_000, responseBytesMax: 1_000, failOpen: false } });
    await ask("POST", key);
    await ask("PATCH", key);
    await ask("POST", {});
    await ask("GET", key);
    expect(flags).toEqual([0, requestFlags.keyed, requestFlags.keyed, 0, 0]);
  });
});
