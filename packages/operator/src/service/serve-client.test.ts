import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { fetchHttp } from "./http-call.ts";
import { askProxy, nextReport } from "./proxy-health.ts";
import { ConfigRefusedError, getApplications, putApplications } from "./serve-client.ts";

let server: Server;
let baseUrl: string;
let seen: { method: string; url: string; headers: IncomingMessage["headers"]; body: string }[];
let answer: { status: number; headers?: Record<string, string>; body: string };

beforeEach(async () => {
  seen = [];
  answer = { status: 200, body: '{"applications":{}}' };
  server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      seen.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body });
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

it("asks for declared applications, with the token", async () => {
  answer.body =
    '{"applications":{"a":{"status":"RUNNING","deployments":{"D":{"status":"HEALTHY","message":"m"}}}},"x":1}';
  expect(await getApplications(fetchHttp, { baseUrl, token: "secret" })).toEqual({
    a: { status: "RUNNING", message: "", deployments: { D: { status: "HEALTHY", message: "m" } } },
  });
  expect(seen[0]?.url).toBe("/api/serve/applications/?api_type=declarative");
  expect(seen[0]?.headers["x-ray-authorization"]).toBe("Bearer secret");
});

it("sends the whole config as JSON", async () => {
  await putApplications(fetchHttp, { baseUrl }, { applications: [{ name: "a" }] });
  expect(seen[0]).toMatchObject({
    method: "PUT",
    url: "/api/serve/applications/",
    body: '{"applications":[{"name":"a"}]}',
  });
});

it("tells a refusal from a head that is away", async () => {
  answer = { status: 400, body: "applications[0].import_path must be a string, got 3" };
  const put = async (): Promise<void> => await putApplications(fetchHttp, { baseUrl }, {});
  await expect(put()).rejects.toThrow(ConfigRefusedError);
  await expect(put()).rejects.toThrow(/import_path must be a string/);
  answer = { status: 503, body: "the control store may be down" };
  await expect(put()).rejects.not.toThrow(ConfigRefusedError);
  await expect(getApplications(fetchHttp, { baseUrl })).rejects.toThrow(/answered 503/);
});

it("takes a proxy for bad after two bad answers, and for good after one good", async () => {
  answer = { status: 200, headers: { "x-manta-ongoing": "3" }, body: "success" };
  const good = await askProxy(fetchHttp, `${baseUrl}/-/healthz`, undefined);
  expect(good).toEqual({ healthy: true, failures: 0, ongoing: 3 });
  answer = { status: 503, body: "draining" };
  const once = await askProxy(fetchHttp, `${baseUrl}/-/healthz`, good);
  expect(once).toMatchObject({ healthy: true, failures: 1 });
  const twice = await askProxy(fetchHttp, "http://127.0.0.1:1/-/healthz", once);
  expect(twice).toEqual({ healthy: false, failures: 2, ongoing: undefined });
  expect(nextReport(twice, true, 0).healthy).toBe(true);
  expect(nextReport(undefined, false, undefined).healthy).toBeUndefined();
});
