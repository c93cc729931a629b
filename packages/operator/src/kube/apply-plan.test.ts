import { FakeClock } from "mantaray/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { applyPlan } from "./apply-plan.ts";
import type { RestKubeApi } from "./client.ts";
import type { EventSubject, EventText } from "./event-text.ts";
import { Expectations } from "./expectations.ts";
import { ScriptedServer, sendStatus } from "./fixtures/scripted-server.ts";
import { StoredObjects } from "./fixtures/stored-objects.ts";
import { kubeLimits } from "./limits.ts";
import { type Action, type Plan, typed } from "./plan.ts";
import { resources } from "./resources.ts";

let server: ScriptedServer;
let api: RestKubeApi;
let stored: StoredObjects;
const { pods } = resources;
const namespace = "default";
const key = "default/cluster";
const subject: EventSubject = { apiVersion: "ray.io/v1", kind: "RayCluster", namespace, name: "cluster", uid: "1" };
const planOf = (...actions: Action[]): Plan => ({ key, subject, actions });
const text = (reason: string, note: string): EventText => ({ type: "Normal", reason, action: "Create", note });
const create = (scope: string, name: string, more: object = {}): Action =>
  typed.create(pods, { metadata: { namespace, name } }, { scope, ...more });
const names = (): string[] => [...stored.objects.values()].map(({ metadata }) => metadata?.name ?? "").toSorted();

beforeEach(async () => {
  server = await ScriptedServer.start();
  api = server.api();
  stored = new StoredObjects();
  server.handler = stored.handler;
});
afterEach(() => server.close());

describe("applying a plan", () => {
  it("does its actions in order and counts them", async () => {
    const plan = planOf(
      create("a", "one"),
      {
        kind: "patch",
        scope: "a",
        resource: pods,
        ref: { namespace, name: "one" },
        patch: { type: "merge", body: { a: 1 } },
      },
      { kind: "requeue", scope: "a", afterMs: 5_000 },
      { kind: "requeue", scope: "b", afterMs: 900 },
      { kind: "delete", scope: "a", resource: pods, ref: { namespace, name: "one" } },
      { kind: "delete", scope: "a", resource: pods, ref: { namespace, name: "gone already" } },
    );
    const result = await applyPlan(plan, api);
    expect(result.counts).toEqual({ create: 1, patch: 1, requeue: 2, delete: 2 });
    expect(result.errors.size).toBe(0);
    expect(result.requeueAfterMs).toBe(900);
    expect(server.requests.map(({ method }) => method)).toEqual(["POST", "PATCH", "DELETE", "DELETE"]);
  });

  it("skips the rest of a scope after its first failure, and nothing of the others", async () => {
    await applyPlan(planOf(create("x", "taken")), api);
    const result = await applyPlan(
      planOf(create("a", "taken"), create("b", "two"), create("a", "three"), create("a", "four"), create("b", "five")),
      api,
    );
    expect(names()).toEqual(["five", "taken", "two"]);
    expect([...result.errors.keys()]).toEqual(["a"]);
    expect(result.errors.get("a")).toMatchObject({ skipped: 2, error: { isAlreadyExists: true } });
  });

  it("tells what it did and what failed", async () => {
    const told: string[] = [];
    const recorder = { record: (_: EventSubject, { reason, note }: EventText) => told.push(`${reason}: ${note}`) };
    const texts = { onDone: text("Created", "made {name}"), onError: text("Failed", "{name}: {error}") };
    await applyPlan(planOf(create("a", "one", texts)), api, { recorder });
    await applyPlan(planOf(create("a", "one", texts)), api, { recorder });
    await applyPlan(planOf(create("a", "one", { ...texts, ifExists: "ignore" })), api, { recorder });
    expect(told).toEqual(["Created: made one", "Failed: one: create v1/namespaces/default/pods: AlreadyExists!"]);
  });

  it("takes a conflict of versions as a reason to look again, not as a failure", async () => {
    await applyPlan(planOf(create("a", "one")), api);
    const object = { metadata: { namespace, name: "one", resourceVersion: "0" } };
    const status: Action = { kind: "status", scope: "s", resource: pods, object };
    stored.objects.set("/api/v1/namespaces/default/pods/one/status", object);
    server.handler = (_, response) => sendStatus(response, 409, "Conflict");
    const result = await applyPlan(planOf(status, create("s", "two")), api);
    expect(result.errors.size).toBe(0);
    expect(result.requeueAfterMs).toBe(kubeLimits.conflictRequeueMs);
    expect(names()).not.toContain("two");
  });
});

describe("a plan that is cut short", () => {
  it("records what is in flight, and takes a deletion back that failed", async () => {
    const expectations = new Expectations({ lookup: () => undefined, clock: new FakeClock() });
    await applyPlan(planOf(create("a", "one", { expect: "head" })), api, { expectations });
    expect(expectations.isSatisfied(key, "head")).toBe(false);
    const remove: Action = {
      kind: "delete",
      scope: "a",
      resource: pods,
      ref: { namespace, name: "one" },
      expect: "group",
    };
    const cached = { metadata: { namespace, name: "one", uid: "1", resourceVersion: "1", creationTimestamp: "" } };
    const lagging = new Expectations({ lookup: () => cached, clock: new FakeClock() });
    server.handler = (_, response) => sendStatus(response, 403, "Forbidden");
    await applyPlan(planOf(remove), api, { expectations: lagging });
    expect(lagging.isSatisfied(key, "group")).toBe(true);
    server.handler = stored.handler;
    await applyPlan(planOf(remove), api, { expectations: lagging });
    expect(lagging.isSatisfied(key, "group")).toBe(false);
  });

  it("makes a pod with a generated name once, though the answer is lost", async () => {
    const expectations = new Expectations({ lookup: () => undefined, clock: new FakeClock() });
    server.handler = (request, response) => {
      const answered = stored.handler(request, { writeHead: () => undefined, end: () => undefined } as never);
      if (request.method === "GET") return stored.handler(request, response);
      response.destroy();
      return answered;
    };
    const pod = { metadata: { namespace, generateName: "cluster-head-" } };
    const result = await applyPlan(planOf(typed.create(pods, pod, { scope: "head", expect: "head" })), api, {
      expectations,
    });
    expect(result.errors.size).toBe(0);
    expect(names()).toEqual([expect.stringMatching(/^cluster-head-[bcdfghj-np-tv-z2-9]{5}$/)]);
    expect(expectations.isSatisfied(key, "head")).toBe(false);
  });

  it("dies where a test lets it die, between any two actions", async () => {
    const plan = planOf(create("a", "one"), create("a", "two"), create("b", "three"));
    const die = new Error("death");
    for (let at = 0; at < 6; at++) {
      stored.objects.clear();
      let moment = 0;
      const dying = applyPlan(plan, api, {
        onAction: () => {
          if (moment++ === at) throw die;
        },
      });
      await expect(dying).rejects.toBe(die);
      expect(stored.objects.size).toBe(Math.ceil(at / 2));
    }
  });

  it("stops between two actions when its signal fires", async () => {
    const stop = new AbortController();
    const applying = applyPlan(planOf(create("a", "one"), create("b", "two")), api, {
      signal: stop.signal,
      onAction: ({ phase }) => {
        if (phase === "after") stop.abort(new Error("enough"));
      },
    });
    await expect(applying).rejects.toThrow("enough");
    expect(names()).toEqual(["one"]);
  });
});
