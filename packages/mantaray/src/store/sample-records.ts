import { newActorId, newNodeId, parseWorkerId, serveJobId } from "../base/ids.ts";
import { type ActorRecord, actorSpecSchema } from "../protocol/actor.ts";
import type { NodeRecord } from "../protocol/node.ts";
import type { RoutingSnapshot } from "../protocol/routing.ts";

/** Records for tests: whole, valid, and different from one another where it matters. */
export const sampleNode = (change: Partial<NodeRecord> = {}): NodeRecord => {
  const nodeId = change.nodeId ?? newNodeId();
  return {
    nodeId,
    ip: "127.0.0.1",
    name: `host-${nodeId.slice(0, 4)}`,
    isHead: false,
    state: "ALIVE",
    stateMessage: "",
    draining: false,
    drain: null,
    gcsAddress: "",
    resources: { CPU: 4, memory: 2 ** 30 },
    labels: {},
    addresses: { unix: `unix:/tmp/${nodeId.slice(0, 8)}.sock`, tcp: "tcp:127.0.0.1:1" },
    agentPort: 52365,
    proxyPort: 8000,
    startMs: 1,
    endMs: null,
    ...change,
  };
};

export const sampleActor = (change: Partial<ActorRecord> = {}): ActorRecord => ({
  actorId: newActorId(),
  spec: actorSpecSchema.parse({
    className: "Echo",
    jobId: serveJobId,
    entry: { module: "user-actor", args: { text: "ü", bytes: new Uint8Array([0, 255]), list: [1, 2.5, null] } },
  }),
  state: "ALIVE",
  nodeId: newNodeId(),
  workerId: parseWorkerId("ab".repeat(28)),
  pid: 4242,
  addresses: { unix: "unix:/tmp/w.sock", tcp: "tcp:127.0.0.1:2" },
  restarts: 0,
  deathCause: null,
  startMs: 1_700_000_000_000,
  endMs: null,
  pendingReason: "",
  ...change,
});

export const sampleRouting = (version: number, actors: readonly ActorRecord[] = []): RoutingSnapshot => ({
  version,
  http: { requestTimeoutMs: null, keepAliveTimeoutMs: 60_000, rootPath: "" },
  routes: [{ prefix: "/", app: "default", deployment: "Echo" }],
  deployments: {
    "default#Echo": {
      app: "default",
      deployment: "Echo",
      available: true,
      maxOngoingRequests: 5,
      maxQueuedRequests: -1,
      retryNonIdempotent: false,
      replicas: actors.flatMap(({ actorId, nodeId, addresses }) =>
        nodeId === null || addresses === null
          ? []
          : [{ replicaId: `SERVE_REPLICA::default#Echo#${actorId.slice(0, 8)}`, actorId, nodeId, addresses }],
      ),
    },
  },
});
