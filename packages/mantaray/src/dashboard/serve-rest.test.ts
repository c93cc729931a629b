import { describe, expect, it } from "vitest";
import { actorRecord, type FakeCluster } from "../actor/fixtures/fake-cluster.ts";
import { MantaError } from "../base/errors.ts";
import { FakeController, startTestDashboard, type TestDashboard } from "./fixtures/test-dashboard.ts";

const path = "/api/serve/applications/";

const withController = async (): Promise<TestDashboard & { controller: FakeController; actorId: string }> => {
  const dashboard = await startTestDashboard();
  const { controller, actorId } = await addController(dashboard.fake);
  return { ...dashboard, controller, actorId };
};

const addController = async (fake: FakeCluster): Promise<{ controller: FakeController; actorId: string }> => {
  const controller = new FakeController();
  const actor = actorRecord({ className: "ServeController", name: "SERVE_CONTROLLER_ACTOR", namespace: "serve" });
  fake.actors.push(actor);
  await controller.startOn(fake, actor);
  return { controller, actorId: actor.actorId };
};

describe("GET /api/serve/applications/", () => {
  it("is the empty document while Serve does not run", async () => {
    const { json } = await startTestDashboard();
    expect(await json(path)).toEqual({ controller_info: {}, proxies: {}, applications: {}, target_capacity: null });
  });

  it("is what the controller says, for all or for one kind of application", async () => {
    const { json, controller } = await withController();
    controller.details = { applications: { fruit: { status: "RUNNING" } }, target_capacity: 50 };
    expect(await json(path)).toEqual(controller.details);
    await json(`${path}?api_type=imperative`);
    await json(`${path}?api_type=declarative`);
    expect(controller.asked).toEqual([{}, { source: "imperative" }, { source: "declarative" }]);
  });

  it("refuses another api_type with 400 in plain text", async () => {
    const { ask } = await withController();
    const answer = await ask(`${path}?api_type=other`);
    expect(answer.status).toBe(400);
    expect(answer.headers["content-type"]).toMatch(/^text\/plain/);
    expect(answer.text).toContain('api_type must be "declarative" or "imperative"');
  });

  it("waits for a controller that restarts", async () => {
    const { ask, fake, controller, actorId } = await withController();
    fake.change(actorId, { state: "RESTARTING", addresses: null });
    const asking = ask(path);
    await controller.startOn(fake, actorRecord({ className: "x" }, { actorId: actorId as never }));
    expect((await asking).status).toBe(200);
  });
});

describe("PUT /api/serve/applications/", () => {
  it("hands the config to the controller and answers with an empty body", async () => {
    const { ask, controller } = await withController();
    const config = { applications: [{ import_path: "fruit:app" }] };
    const answer = await ask(path, { method: "PUT", body: JSON.stringify(config) });
    expect([answer.status, answer.text]).toEqual([200, ""]);
    expect(controller.deployed).toEqual([config]);
  });

  it("starts Serve where it does not run: a kept actor on the head that restarts for ever", async () => {
    const { ask, fake } = await startTestDashboard();
    const controller = new FakeController();
    fake.onCreate = (actor) => controller.startOn(fake, actor);
    const answer = await ask(path, { method: "PUT", body: '{"applications": []}' });
    expect(answer.status).toBe(200);
    expect(controller.deployed).toEqual([{ applications: [] }]);
    expect(fake.actors).toHaveLength(1);
    expect(fake.actors[0]?.spec).toMatchObject({
      className: "ServeController",
      name: "SERVE_CONTROLLER_ACTOR",
      namespace: "serve",
      maxRestarts: -1,
      keep: true,
      resources: {},
      placement: { onHead: true },
      entry: { module: "serve-controller" },
      watchdogTimeoutMs: 10_000,
    });
  });

  it("starts it once when two come first", async () => {
    const { ask, fake } = await startTestDashboard();
    const controller = new FakeController();
    fake.onCreate = (actor) => controller.startOn(fake, actor);
    const put = { method: "PUT", body: '{"applications": []}' };
    const answers = await Promise.all([ask(path, put), ask(path, put)]);
    expect(answers.map((answer) => answer.status)).toEqual([200, 200]);
    expect(fake.actors).toHaveLength(1);
  });

  it("answers 400 with the reason when the controller refuses the config", async () => {
    const { ask, controller } = await withController();
    controller.failure = new MantaError("invalid_config", "applications[0].import_path: must look like ...");
    const answer = await ask(path, { method: "PUT", body: "{}" });
    expect(answer.status).toBe(400);
    expect(answer.headers["content-type"]).toMatch(/^text\/plain/);
    expect(answer.text).toBe("applications[0].import_path: must look like ...");
  });

  it.each(["", "not json", "[]", '"text"', "null"])(
    "refuses the body %j with 400 before anything starts",
    async (body) => {
      const { ask, fake } = await startTestDashboard();
      expect((await ask(path, { method: "PUT", body })).status).toBe(400);
      expect(fake.actors).toEqual([]);
    },
  );
});

describe("DELETE /api/serve/applications/", () => {
  it("shuts Serve down, and is content when it does not run", async () => {
    const { ask, controller } = await withController();
    expect(await ask(path, { method: "DELETE" })).toMatchObject({ status: 200, text: "" });
    expect(controller.shutdowns).toBe(1);
    const other = await startTestDashboard();
    expect(await other.ask(path, { method: "DELETE" })).toMatchObject({ status: 200, text: "" });
  });
});

describe("POST …/scale", () => {
  const scale = "/api/v1/applications/fruit/deployments/Mango%20Stand/scale";
  const headers = { "content-type": "application/json" };

  it("passes the target on", async () => {
    const { ask, controller } = await withController();
    const answer = await ask(scale, { method: "POST", headers, body: '{"target_num_replicas": 0}' });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({
      message: "Scaling request received. Deployment will get scaled asynchronously.",
    });
    expect(controller.scaled).toEqual([{ app: "fruit", deployment: "Mango Stand", replicas: 0 }]);
  });

  it.each(['{"target_num_replicas": -1}', '{"target_num_replicas": 1.5}', "{}", "x"])("refuses %s", async (body) => {
    const { ask } = await withController();
    const answer = await ask(scale, { method: "POST", headers, body });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toHaveProperty("error");
  });

  it("is 400 for what is not there and 412 for what takes no scaling", async () => {
    const { ask, controller } = await withController();
    const post = { method: "POST", headers, body: '{"target_num_replicas": 1}' };
    controller.failure = new MantaError("not_found", "no such deployment");
    expect((await ask(scale, post)).status).toBe(400);
    for (const reason of ["external_scaler_disabled", "deleting"]) {
      controller.failure = new MantaError("invalid_argument", "not now", { details: { reason } });
      expect((await ask(scale, post)).status).toBe(412);
    }
    controller.failure = undefined;
    expect((await ask(scale, { ...post, headers: {} })).status).toBe(400);
  });
});

describe("paths and methods", () => {
  it("count a trailing slash", async () => {
    const { ask } = await startTestDashboard();
    for (const unknown of ["/api/serve/applications", "/api/version/", "/nodes/", "/api/v0/actors/", "/x"]) {
      expect(await ask(unknown)).toMatchObject({ status: 404, text: "404: Not Found" });
    }
  });

  it("answer 405 with what is allowed", async () => {
    const { ask } = await startTestDashboard();
    const answer = await ask(path, { method: "POST" });
    expect(answer).toMatchObject({ status: 405, text: "405: Method Not Allowed" });
    expect(answer.headers.allow).toBe("DELETE,GET,HEAD,PUT");
    expect((await ask("/api/v0/actors", { method: "DELETE" })).status).toBe(405);
  });

  it("answer HEAD like GET, without the body", async () => {
    const { ask } = await startTestDashboard();
    expect(await ask("/api/version", { method: "HEAD" })).toMatchObject({ status: 200, text: "" });
  });
});

const within = async <T>(limitMs: number, work: () => Promise<T>): Promise<T> => {
  const startMs = performance.now();
  const value = await work();
  expect(performance.now() - startMs).toBeLessThan(limitMs);
  return value;
};

describe("while the control store is away", () => {
  it("every endpoint says 503 in bounded time, and version still answers", async () => {
    const { ask } = await startTestDashboard({ gcsDown: true });
    const paths = [
      path,
      "/api/gcs_healthz",
      "/api/healthz",
      "/nodes?view=summary",
      "/api/v0/actors",
      "/api/v0/nodes",
      "/api/v0/actors/summarize",
      "/api/cluster_status",
    ];
    const answers = await within(6_000, () => Promise.all(paths.map((one) => ask(one))));
    expect(answers.map((answer) => answer.status)).toEqual(paths.map(() => 503));
    const put = await within(6_000, () => ask(path, { method: "PUT", body: '{"applications": []}' }));
    expect(put.status).toBe(503);
    expect(put.headers["retry-after"]).toBe("1");
    expect((await within(6_000, () => ask("/api/version"))).status).toBe(200);
    expect((await within(6_000, () => ask("/"))).text).toContain("The control store does not answer.");
  });

  it("all of it answers again once it is back", async () => {
    const { ask, fake } = await startTestDashboard({ gcsDown: true });
    await fake.startGcs();
    expect((await ask("/api/gcs_healthz")).text).toBe("success");
  });
});
