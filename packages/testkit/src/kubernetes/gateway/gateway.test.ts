import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubeObject } from "../api/objects.ts";
import { resources } from "../api/resources.ts";
import { ApiServer } from "../apiserver/api-server.ts";
import { silentLog } from "../kubelet/log.ts";
import { GatewayController, gatewayClassName } from "./gateway-controller.ts";
import { type GatewayObject, gatewayResources, type HttpRouteObject } from "./types.ts";

const namespace = "default";
const subnet = "127.251";
const port = 18_080;
const servers: Server[] = [];
let api: ApiServer;
let gateways: GatewayController;

const serve = async (host: string, answer: RequestListener): Promise<void> => {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen({ host, port }, resolve));
};

const addService = async (name: string, clusterIP: string): Promise<void> => {
  const spec = { clusterIP, ports: [{ port }] };
  await api.access.create(resources.services, {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec,
  });
};

const object = (kind: string, name: string, spec: object): KubeObject => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind,
  metadata: { name, namespace },
  spec,
});

const gateway = (name: string, className = gatewayClassName): KubeObject =>
  object("Gateway", name, { gatewayClassName: className, listeners: [{ name: "http", protocol: "HTTP", port }] });

const rulesOf = (weights: Readonly<Record<string, number>>): object[] => [
  { backendRefs: Object.entries(weights).map(([name, weight]) => ({ name, port, weight })) },
];

const conditions = (list: readonly { type: string; status: string; reason?: string }[] | undefined): string[] =>
  (list ?? []).map(({ type, status, reason }) => `${type} ${status} ${reason}`);

const urlOf = async (name: string): Promise<string> => {
  const address = await waitFor(
    async () => {
      const found = await api.access.get(gatewayResources.gateways, { namespace, name });
      return (found?.["status"] as { addresses?: { value: string }[] } | undefined)?.addresses?.[0]?.value;
    },
    { timeoutMs: 5_000, what: "an address" },
  );
  return `http://${address}:${port}`;
};

const say = (name: string): RequestListener => {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    response.writeHead(201, { "x-from": name, connection: "close" }).end(`${name} ${request.url} ${body}`);
  };
  return (request, response) => void answer(request, response);
};

/** The route as soon as the Gateway has spoken of its present generation. */
const settled = (name: string): Promise<HttpRouteObject> =>
  waitFor(
    async () => {
      const route = (await api.access.get(gatewayResources.httpRoutes, { namespace, name })) as HttpRouteObject;
      const seen = route.status?.parents?.[0]?.conditions as { observedGeneration?: number }[] | undefined;
      const isNew = seen?.every(({ observedGeneration }) => observedGeneration === route.metadata.generation) === true;
      return isNew ? route : undefined;
    },
    { timeoutMs: 5_000, what: "the route's status" },
  );

beforeAll(async () => {
  api = await ApiServer.start({ tls: false });
  await serve("127.251.1.1", say("old"));
  await serve("127.251.1.2", say("new"));
  gateways = await GatewayController.start({ access: api.access, subnet, log: silentLog });
});
afterAll(async () => {
  await gateways.close();
  await api.close();
  for (const server of servers) server.close();
});

describe("a Gateway", () => {
  it("divides requests by the weights of its route, which says when it has them", async () => {
    await addService("old", "127.251.1.1");
    await addService("new", "127.251.1.2");
    await api.access.create(gatewayResources.gateways, gateway("split"));
    const spec = { parentRefs: [{ name: "split" }], rules: rulesOf({ old: 75, new: 25 }) };
    await api.access.create(gatewayResources.httpRoutes, object("HTTPRoute", "split", spec));
    const route = await settled("split");
    expect(conditions(route.status?.parents?.[0]?.conditions)).toEqual([
      "Accepted True Accepted",
      "ResolvedRefs True ResolvedRefs",
    ]);
    const url = await urlOf("split");
    const ask = async (): Promise<string> => {
      const response = await fetch(`${url}/a?b=c`, { method: "POST", body: "hello" });
      expect(response.status).toBe(201);
      expect(response.headers.get("connection")).toBe("keep-alive");
      expect(await response.text()).toBe(`${response.headers.get("x-from")} /a?b=c hello`);
      return response.headers.get("x-from") ?? "";
    };
    const answers = await Promise.all(Array.from({ length: 40 }, ask));
    expect(answers.filter((name) => name === "new")).toHaveLength(10);
    const id = { namespace, name: "split" };
    await api.access.mergePatch(gatewayResources.httpRoutes, id, { spec: { rules: rulesOf({ old: 0, new: 100 }) } });
    await settled("split");
    expect(new Set(await Promise.all(Array.from({ length: 20 }, ask)))).toEqual(new Set(["new"]));
  });

  it("says which Service is missing, and is right again once it is there", async () => {
    await api.access.create(gatewayResources.gateways, gateway("lacks"));
    const spec = { parentRefs: [{ name: "lacks" }], rules: rulesOf({ later: 1 }) };
    await api.access.create(gatewayResources.httpRoutes, object("HTTPRoute", "lacks", spec));
    const route = await settled("lacks");
    expect(conditions(route.status?.parents?.[0]?.conditions)[1]).toBe("ResolvedRefs False BackendNotFound");
    const url = await urlOf("lacks");
    expect((await fetch(url)).status).toBe(500);
    await addService("later", "127.251.1.3");
    await waitFor(async () => (await fetch(url)).status === 503, { timeoutMs: 5_000, what: "a Service without pods" });
    expect(conditions((await settled("lacks")).status?.parents?.[0]?.conditions)[1]).toBe(
      "ResolvedRefs True ResolvedRefs",
    );
  });

  it("of another class is left alone; one that is deleted listens no more", async () => {
    await api.access.create(gatewayResources.gateways, gateway("foreign", "istio"));
    const url = await urlOf("split");
    await api.access.delete(gatewayResources.gateways, { namespace, name: "split" });
    await waitFor(
      () =>
        fetch(url).then(
          () => false,
          () => true,
        ),
      { timeoutMs: 5_000, what: "nobody listens" },
    );
    const foreign = (await api.access.get(gatewayResources.gateways, { namespace, name: "foreign" })) as GatewayObject;
    expect(foreign.status).toBeUndefined();
  });
});
