import { afterEach, expect, it } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { newActorId, newNodeId, newWorkerId, serveJobId } from "../../base/ids.ts";
import { silentLog } from "../../base/log.ts";
import { waitFor } from "../../base/wait.ts";
import { actorRecordSchema } from "../../protocol/actor.ts";
import { proxyService } from "../../protocol/proxy.ts";
import type { RoutingSnapshot } from "../../protocol/routing.ts";
import { createClient, dial, type InStream, linkPair } from "../../rpc/index.ts";
import type { ActorContext } from "../../worker/actor-module.ts";
import { FakeReplica, holding } from "../routing/fake-replica.ts";
import { createActor } from "./actor.ts";
import { responseHead } from "./test-proxy.ts";

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A context as a worker gives it, with a routing feed that the test drives. */
const createContext = (): { context: ActorContext; publish: (snapshot: RoutingSnapshot) => void } => {
  const listeners = new Set<(snapshot: RoutingSnapshot) => void>();
  const [actorId, nodeId, workerId] = [newActorId(), newNodeId(), newWorkerId()];
  const entry = { module: "serve-proxy", args: {} };
  const addresses = null;
  const actor = actorRecordSchema.parse({
    actorId,
    spec: { className: "HTTPProxyActor", jobId: serveJobId, entry },
    state: "ALIVE",
    nodeId,
    workerId,
    pid: 1,
    addresses,
    restarts: 0,
    deathCause: null,
    startMs: 0,
    endMs: null,
  });
  const context: ActorContext = {
    actor,
    actorId,
    nodeId,
    workerId,
    nodeIp: "127.0.0.1",
    sessionDir: "",
    token: "",
    log: silentLog,
    clock: systemClock,
    routing: {
      snapshot: undefined,
      onSnapshot: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      onDown: () => () => undefined,
    },
    connect: (target) => dial(target.addresses.tcp, { token: "", identity: { role: "worker", id: "proxy" } }),
    gcsAddresses: () => Promise.resolve([]),
    fetchBundle: () => Promise.reject(new Error("a proxy has no bundle")),
    fail: () => undefined,
  };
  return {
    context,
    publish: (snapshot) => {
      for (const listener of listeners) listener(snapshot);
    },
  };
};

const snapshotOf = (replica: FakeReplica): RoutingSnapshot => ({
  version: 7,
  http: { requestTimeoutMs: null, keepAliveTimeoutMs: 90_000, rootPath: "" },
  routes: [{ prefix: "/", app: "app", deployment: "D" }],
  deployments: {
    "app#D": {
      app: "app",
      deployment: "D",
      available: true,
      maxOngoingRequests: 5,
      maxQueuedRequests: -1,
      retryNonIdempotent: false,
      replicas: [replica.info],
    },
  },
});

it("serves, tells its health, drains when told, and goes in order: readiness, connections, links", async () => {
  const held: InStream[] = [];
  const replica = await FakeReplica.start(holding(held));
  closers.push(() => replica.die());
  const { context, publish } = createContext();
  const proxy = await createActor(context, { host: "127.0.0.1", port: 0 });
  const [ours, theirs] = await linkPair();
  proxy.onLink(theirs);
  closers.push(() => ours.close());
  const client = createClient(ours, proxyService);

  const { port, ...before } = await client.checkHealth({});
  expect(before).toEqual({ draining: false, routesReady: false, routingVersion: 0, connections: 0, ongoing: 0 });
  publish(snapshotOf(replica));
  expect(await client.checkHealth({})).toMatchObject({ routesReady: true, routingVersion: 7 });
  const health = async (): Promise<number> => (await fetch(`http://127.0.0.1:${port}/-/healthz`)).status;
  expect(await health()).toBe(200);
  await client.setDraining({ draining: true });
  expect(await health()).toBe(503);
  await client.setDraining({ draining: false });

  const request = fetch(`http://127.0.0.1:${port}/x`);
  await waitFor(() => held.length === 1, { timeoutMs: 2_000, what: "the request at the replica" });
  expect((await client.stats({})).deployments["app#D"]).toMatchObject({ ongoing: 1, queued: 0 });
  const gone = proxy.shutdown(10_000, "test");
  expect(await health()).toBe(503);
  expect(replica.links).toBe(1);
  held[0]?.respond(responseHead(200, 0), null, true);
  expect((await request).status).toBe(200);
  await gone;
  await waitFor(() => replica.links === 0, { timeoutMs: 2_000, what: "the end of the link" });
  await expect(health()).rejects.toThrow("fetch failed");
});

it("refuses arguments that make no sense", async () => {
  await expect(createActor(createContext().context, { host: "127.0.0.1", port: -1 })).rejects.toThrow("port");
});
