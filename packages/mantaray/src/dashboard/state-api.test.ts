import { describe, expect, it } from "vitest";
import { actorRecord, nodeRecord } from "../actor/fixtures/fake-cluster.ts";
import type { ActorId } from "../base/ids.ts";
import { startTestDashboard } from "./fixtures/test-dashboard.ts";

const id = (digit: string): ActorId => `${digit.repeat(24)}01000000` as ActorId;

const fill = async () => {
  const dashboard = await startTestDashboard();
  dashboard.fake.actors = [
    actorRecord(
      { className: "ServeController", name: "SERVE_CONTROLLER_ACTOR", namespace: "serve" },
      { actorId: id("b"), pid: 20 },
    ),
    actorRecord(
      { className: "ServeController", name: "SERVE_CONTROLLER_ACTOR", namespace: "serve" },
      {
        actorId: id("c"),
        state: "DEAD",
        pid: 10,
        restarts: 2,
        deathCause: { kind: "KILLED", message: "killed by a client", exitCode: null, signal: "SIGKILL" },
      },
    ),
    actorRecord({ className: "HTTPProxyActor", namespace: "serve", resources: { CPU: 0.5 } }, { actorId: id("a") }),
  ];
  dashboard.fake.nodes = [
    nodeRecord({ isHead: true, ip: "127.0.0.1" }),
    nodeRecord({ ip: "127.0.0.2", state: "DEAD", stateMessage: "its link broke" }),
  ];
  return dashboard;
};

interface Envelope {
  readonly result: boolean;
  readonly msg: string;
  readonly data: { readonly result: { readonly result: readonly Record<string, unknown>[] } & Record<string, unknown> };
}

const filter = (...triples: [string, string, string][]): string =>
  triples
    .map(([key, predicate, value]) => `filter_keys=${key}&filter_predicates=${predicate}&filter_values=${value}`)
    .join("&");

describe("GET /api/v0/actors", () => {
  it("has the reference's envelope and columns, sorted by id", async () => {
    const { json } = await fill();
    const answer = (await json("/api/v0/actors")) as Envelope;
    expect(answer).toMatchObject({ result: true, msg: "" });
    expect(answer.data.result).toMatchObject({
      total: 3,
      num_after_truncation: 3,
      num_filtered: 3,
      partial_failure_warning: "",
      warnings: null,
    });
    expect(answer.data.result.result.map((row) => row.actor_id)).toEqual([id("a"), id("b"), id("c")]);
    expect(answer.data.result.result[1]).toEqual({
      actor_id: id("b"),
      class_name: "ServeController",
      state: "ALIVE",
      job_id: "01000000",
      name: "SERVE_CONTROLLER_ACTOR",
      node_id: null,
      pid: 20,
      ray_namespace: "serve",
    });
  });

  it("adds the detail columns on request", async () => {
    const { json } = await fill();
    const answer = (await json("/api/v0/actors?detail=true")) as Envelope;
    expect(answer.data.result.result[2]).toMatchObject({
      required_resources: {},
      death_cause: { kind: "KILLED", error_message: "killed by a client", signal: "SIGKILL" },
      is_detached: true,
      num_restarts: 2,
    });
    expect(answer.data.result.result[0]).toMatchObject({ required_resources: { CPU: 0.5 } });
  });

  it.each([
    [filter(["class_name", "=", "ServeController"]), ["b", "c"]],
    [filter(["class_name", "=", "servecontroller"], ["state", "=", "alive"]), ["b"]],
    [filter(["state", "!=", "ALIVE"]), ["c"]],
    [filter(["pid", "=", "20"]), ["b"]],
    [filter(["pid", "=", "None"]), ["a"]],
    [filter(["is_detached", "=", "1"], ["num_restarts", "!=", "0"]), ["c"]],
    [filter(["name", "=", ""]), ["a"]],
  ])("filters by %s", async (query, expected) => {
    const { json } = await fill();
    const answer = (await json(`/api/v0/actors?${query}`)) as Envelope;
    expect(answer.data.result.result.map((row) => row.actor_id)).toEqual(expected.map(id));
    expect(answer.data.result).toMatchObject({ total: 3, num_filtered: expected.length });
  });

  it("cuts at the limit and says how many there were", async () => {
    const { json } = await fill();
    const answer = (await json("/api/v0/actors?limit=1")) as Envelope;
    expect(answer.data.result.result).toHaveLength(1);
    expect(answer.data.result).toMatchObject({ total: 3, num_filtered: 3 });
  });

  it.each([
    ["limit=10001", "limit must be"],
    ["limit=0", "limit must be"],
    ["limit=x", "limit must be"],
    ["timeout=-1", "timeout must be"],
    ["detail=maybe", "detail must be"],
    ["filter_keys=state", "must be as many"],
    [filter(["state", "~", "x"]), "filter_predicates must be"],
    [filter(["colour", "=", "x"]), "columns are actor_id"],
  ])("refuses %s with 400 in the envelope", async (query, message) => {
    const { ask } = await fill();
    const answer = await ask(`/api/v0/actors?${query}`);
    expect(answer.status).toBe(400);
    const body = JSON.parse(answer.text) as Envelope;
    expect(body).toMatchObject({ result: false, data: { result: null } });
    expect(body.msg).toContain(message);
  });
});

describe("other resources of the State API", () => {
  it("summarizes actors by class, dead ones included", async () => {
    const { json } = await fill();
    const answer = (await json("/api/v0/actors/summarize")) as { data: { result: { result: unknown } } };
    expect(answer.data.result.result).toEqual({
      node_id_to_summary: {
        cluster: {
          summary: {
            HTTPProxyActor: { class_name: "HTTPProxyActor", state_counts: { ALIVE: 1 } },
            ServeController: { class_name: "ServeController", state_counts: { ALIVE: 1, DEAD: 1 } },
          },
          total_actors: 3,
          summary_by: "class",
        },
      },
    });
  });

  it("lists nodes", async () => {
    const { json, fake } = await fill();
    const answer = (await json(
      "/api/v0/nodes?filter_keys=is_head_node&filter_predicates==&filter_values=True",
    )) as Envelope;
    expect(answer.data.result.result).toEqual([
      {
        node_id: fake.nodes[0]?.nodeId,
        node_ip: "127.0.0.1",
        is_head_node: true,
        state: "ALIVE",
        state_message: null,
        node_name: "host-1",
        resources_total: { CPU: 4 },
        labels: {},
      },
    ]);
  });

  it("gives one entry in detail, and 404 for an unknown id", async () => {
    const { json, ask, fake } = await fill();
    const answer = (await json(`/api/v0/actors/${id("c")}`)) as Envelope;
    expect(answer.data.result.result).toMatchObject([{ actor_id: id("c"), num_restarts: 2 }]);
    const node = (await json(`/api/v0/nodes/${fake.nodes[1]?.nodeId}`)) as Envelope;
    expect(node.data.result.result).toMatchObject([{ state_message: "its link broke", start_time_ms: 1 }]);
    expect((await ask(`/api/v0/actors/${id("d")}`)).status).toBe(404);
  });
});

describe("the reference page's own endpoints", () => {
  it("summarize nodes in camel case", async () => {
    const { json, fake } = await fill();
    fake.usage = { [fake.nodes[0]?.nodeId ?? ""]: { CPU: 1.5 } };
    expect(await json("/nodes?view=summary")).toMatchObject({
      result: true,
      msg: "Node summary fetched.",
      data: {
        summary: [
          {
            hostname: "host-1",
            ip: "127.0.0.1",
            raylet: { isHeadNode: true, state: "ALIVE", resourcesTotal: { CPU: 4 } },
          },
          { raylet: { state: "DEAD", stateMessage: "its link broke" } },
        ],
        nodeLogicalResources: { [fake.nodes[0]?.nodeId ?? ""]: "1.5/4.0 CPU" },
      },
    });
    expect(await json("/nodes?view=hostnamelist")).toMatchObject({ data: { hostNameList: ["host-1"] } });
    expect(await json(`/nodes/${fake.nodes[0]?.nodeId}`)).toMatchObject({ data: { detail: { ip: "127.0.0.1" } } });
  });

  it("refuse another view and an unknown node", async () => {
    const { ask } = await fill();
    expect((await ask("/nodes?view=other")).status).toBe(400);
    expect((await ask("/nodes/x")).status).toBe(404);
  });

  it("give the status report, as data and as text", async () => {
    const { json } = await fill();
    const text = (await json("/api/cluster_status?format=1")) as { data: { clusterStatus: string } };
    expect(text.data.clusterStatus).toMatch(/^={8} Autoscaler status: /);
    expect(await json("/api/cluster_status")).toMatchObject({
      data: { autoscalingError: null, clusterStatus: { loadMetricsReport: { usage: { CPU: [0, 4] } } } },
    });
  });

  it("say who answers", async () => {
    const { json } = await fill();
    expect(await json("/api/version")).toEqual({
      version: "4",
      ray_version: expect.stringMatching(/^2\./) as unknown,
      ray_commit: expect.stringMatching(/^manta-/) as unknown,
      session_name: "session_test",
    });
  });

  it("answer health checks in their own words", async () => {
    const { ask } = await fill();
    const answer = await ask("/api/gcs_healthz", { token: false });
    expect(answer.text).toBe("success");
    expect(answer.headers["content-type"]).toMatch(/^application\/text/);
  });
});
