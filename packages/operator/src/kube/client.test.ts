import { FakeClock } from "mantaray/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { line, listOf, podNamed, ScriptedServer, sendJson, sendStatus } from "./fixtures/scripted-server.ts";
import type { KubeError } from "./kube-error.ts";
import { resources } from "./resources.ts";
import { TokenBucket } from "./token-bucket.ts";

let server: ScriptedServer;
const { pods, nodes } = resources;
const ref = { namespace: "default", name: "a" };
const failure = (promise: Promise<unknown>): Promise<KubeError> =>
  promise.then(
    () => Promise.reject(new Error("it succeeded")),
    (error: unknown) => error as KubeError,
  );

beforeEach(async () => {
  server = await ScriptedServer.start();
});
afterEach(() => server.close());

describe("the client", () => {
  it("sends each verb as the API has it", async () => {
    server.handler = (_, response) => sendJson(response, podNamed("a", 1));
    const api = server.api();
    const pod = { metadata: { namespace: "default", name: "a" } };
    await api.create(pods, pod);
    await api.replace(pods, { ...pod, metadata: { ...pod.metadata, resourceVersion: "7" } });
    await api.replaceStatus(pods, pod);
    await api.patch(pods, ref, { type: "json", body: [{ op: "remove", path: "/spec" }] }, { dryRun: true });
    await api.patchStatus(pods, ref, { phase: "Running" });
    await api.apply(pods, pod);
    await api.delete(pods, ref, { gracePeriodSeconds: 0, preconditions: { uid: "u" } });
    await api.deleteCollection(pods, { namespace: "default", labelSelector: "a=b" });
    await api.get(nodes, { name: "n" });
    const sent = server.requests.map(({ method, path, query, headers }) =>
      `${method} ${path} ${query.toString()} ${headers["content-type"] ?? ""}`.trim(),
    );
    const one = "/api/v1/namespaces/default/pods/a";
    const manager = "fieldManager=manta-operator";
    expect(sent).toEqual([
      `POST /api/v1/namespaces/default/pods ${manager} application/json`,
      `PUT ${one} ${manager} application/json`,
      `PUT ${one}/status ${manager} application/json`,
      `PATCH ${one} ${manager}&dryRun=All application/json-patch+json`,
      `PATCH ${one}/status ${manager} application/merge-patch+json`,
      `PATCH ${one} ${manager}&force=true application/apply-patch+yaml`,
      `DELETE ${one}  application/json`,
      "DELETE /api/v1/namespaces/default/pods labelSelector=a%3Db application/json",
      "GET /api/v1/nodes/n",
    ]);
    expect(server.requests[5]?.body).toMatchObject({ apiVersion: "v1", kind: "Pod" });
    expect(server.requests[6]?.body).toMatchObject({ gracePeriodSeconds: 0, preconditions: { uid: "u" } });
  });

  it("says what the server says, and knows an object that is not there", async () => {
    server.handler = ({ method }, response) =>
      method === "POST"
        ? sendStatus(response, 409, "AlreadyExists", { name: "a" })
        : sendStatus(response, 404, "NotFound", { name: "a" });
    const api = server.api();
    expect(await api.get(pods, ref)).toBeUndefined();
    expect(await api.delete(pods, ref)).toBe(false);
    const error = await failure(api.create(pods, { metadata: ref }));
    expect(error).toMatchObject({ code: 409, isAlreadyExists: true, isConflict: false });
    expect(error.message).toBe("create v1/namespaces/default/pods: AlreadyExists!");
  });

  it("does not take a path that is not served for an object that is not there", async () => {
    server.handler = (_, response) => sendJson(response, "404 page not found", 404);
    expect(await failure(server.api().get(pods, ref))).toMatchObject({ isNotFound: true });
  });
});

describe("the client of a server that fails", () => {
  it("repeats reads over failures, and writes only where the server refused to begin", async () => {
    const answers = [500, 503, 429, 200];
    server.handler = (_, response) => {
      const code = answers[server.requests.length - 1] ?? 200;
      return code === 200 ? sendJson(response, listOf(1, [])) : sendStatus(response, code, "No");
    };
    await server.api().list(pods);
    expect(server.requests.length).toBe(4);
    server.requests.length = 0;
    expect(await failure(server.api().create(pods, { metadata: ref }))).toMatchObject({ code: 500 });
    expect(server.requests.length).toBe(1);
    server.requests.length = 0;
    answers.splice(0, answers.length, 429, 429, 200);
    await server.api().create(pods, { metadata: ref });
    expect(server.requests.length).toBe(3);
  });

  it("does not send a create twice when the connection breaks under it", async () => {
    server.handler = (_, response) => {
      response.destroy();
      return true;
    };
    expect(await failure(server.api().create(pods, { metadata: ref }))).toMatchObject({
      code: 0,
      reason: "Unreachable",
    });
    expect(server.requests.length).toBe(1);
  });

  it("asks for a new token once when the old one is refused", async () => {
    let token = "old";
    const access = {
      ...server.access,
      headers: () => Promise.resolve({ authorization: `Bearer ${token}` }),
      onUnauthorized: () => {
        token = "new";
      },
    };
    server.handler = ({ headers }, response) =>
      headers.authorization === "Bearer new"
        ? sendJson(response, podNamed("a", 1))
        : sendStatus(response, 401, "Unauthorized");
    expect(await server.api(access).get(pods, ref)).toBeDefined();
    expect(server.requests.length).toBe(2);
  });

  it("closes a watch's connection when the reader leaves it", async () => {
    let closed = false;
    server.handler = (_, response) => {
      response.on("close", () => {
        closed = true;
      });
      response.writeHead(200);
      response.write(line("ADDED", podNamed("a", 1)) + line("ADDED", podNamed("b", 2)));
      return true;
    };
    for await (const event of server.api().watch(pods, { resourceVersion: "1" })) {
      expect(event.type).toBe("ADDED");
      break;
    }
    await expect.poll(() => closed).toBe(true);
  });

  it("fails a watch that says what is not known rather than miss something", async () => {
    server.handler = (_, response) => {
      response.writeHead(200);
      response.end("no json\n");
      return true;
    };
    const read = async (): Promise<void> => {
      for await (const event of server.api().watch(pods, { resourceVersion: "1" })) expect(event).toBeUndefined();
    };
    expect((await failure(read())).message).toMatch("a line that is no JSON");
  });
});

describe("a token bucket", () => {
  it("lets a burst through, and the rest at its rate in order", async () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket({ ratePerSecond: 10, burst: 3, clock });
    const taken: number[] = [];
    const all = Promise.all([1, 2, 3, 4, 5].map((place) => bucket.take().then(() => taken.push(place))));
    await clock.advance(0);
    expect(taken).toEqual([1, 2, 3]);
    await clock.advance(100);
    expect(taken).toEqual([1, 2, 3, 4]);
    await clock.advance(100);
    await all;
    expect(bucket.tryTake()).toBe(false);
  });
});
