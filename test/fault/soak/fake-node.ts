import { systemClock } from "../../../packages/mantaray/src/base/clock.ts";
import {
  type ActorId,
  type NodeId,
  newNodeId,
  newWorkerId,
  type WorkerId,
} from "../../../packages/mantaray/src/base/ids.ts";
import { limits } from "../../../packages/mantaray/src/base/limits.ts";
import { silentLog } from "../../../packages/mantaray/src/base/log.ts";
import { systemRandom } from "../../../packages/mantaray/src/base/random.ts";
import type { ActorRecord, DeathCause } from "../../../packages/mantaray/src/protocol/actor.ts";
import { gcsService } from "../../../packages/mantaray/src/protocol/gcs.ts";
import { agentService, type NodeRegistration } from "../../../packages/mantaray/src/protocol/node.ts";
import { proxyService } from "../../../packages/mantaray/src/protocol/proxy.ts";
import { replicaArgsSchema, replicaService } from "../../../packages/mantaray/src/protocol/replica.ts";
import type { RoutingSnapshot } from "../../../packages/mantaray/src/protocol/routing.ts";
import {
  createClient,
  type Link,
  type LinkServer,
  listen,
  PersistentLink,
  serveService,
} from "../../../packages/mantaray/src/rpc/index.ts";

/** An actor without a process. */
interface Hosted {
  readonly record: ActorRecord;
  readonly workerId: WorkerId;
  readonly pid: number;
  /** Of `performance.now`; undefined while it starts. */
  readyMs: number | undefined;
}

/** How it joins. */
export interface FakeNodeOptions {
  /** Of the control store, `tcp:host:port`. */
  readonly address: string;
  readonly token: string;
  /** An address of its own on this machine. */
  readonly ip: string;
  readonly cpus: number;
}

let pids = 1_000_000;

/**
 * A node that is real to the control store and the controller (links, messages, addresses that answer) and has no
 * processes: ten thousand of its replicas can die in minutes.
 */
export class FakeNode {
  readonly nodeId: NodeId = newNodeId();
  readonly actors = new Map<ActorId, Hosted>();
  deaths = 0;
  readonly #options: FakeNodeOptions;
  readonly #link: PersistentLink;
  readonly #server: LinkServer;
  readonly #heartbeat: NodeJS.Timeout;
  #routing: RoutingSnapshot | undefined;

  private constructor(options: FakeNodeOptions, server: LinkServer) {
    this.#options = options;
    this.#server = server;
    this.#link = new PersistentLink({
      addresses: () => [options.address],
      token: options.token,
      identity: { role: "agent", id: this.nodeId },
      log: silentLog,
      clock: systemClock,
      random: systemRandom,
      onLink: (link) => this.#onLink(link),
    });
    this.#heartbeat = setInterval(() => void this.#beat(), limits.heartbeatPeriodMs);
  }

  /** Listens, dials, and resolves once registered. */
  static async start(options: FakeNodeOptions): Promise<FakeNode> {
    const server = await listen([`tcp:${options.ip}:0`], {
      token: options.token,
      identity: { role: "agent", id: "" },
      log: silentLog,
      onLink: serveActors,
    });
    const node = new FakeNode(options, server);
    node.#link.start();
    await node.#link.ready({ timeoutMs: 10_000 });
    return node;
  }

  /** Replicas that have been alive for so long, oldest first. */
  aliveFor(ageMs: number): readonly ActorId[] {
    const bornMs = performance.now() - ageMs;
    return [...this.actors]
      .filter(
        ([, { record, readyMs }]) => record.spec.entry.module === "serve-replica" && (readyMs ?? Infinity) <= bornMs,
      )
      .map(([actorId]) => actorId);
  }

  /** What the replicas of an app have been told as their environment's REVISION. */
  revisionsOf(app: string): readonly string[] {
    return [...this.actors.values()].flatMap(({ record }) => {
      const args = replicaArgsSchema.safeParse(record.spec.entry.args);
      return args.success && args.data.app === app ? [args.data.envVars?.REVISION ?? ""] : [];
    });
  }

  /** The actor's process ends without being asked to. */
  async die(actorId: ActorId): Promise<void> {
    this.deaths += 1;
    await this.#exit(actorId, { kind: "CRASHED", message: "exit code 1", exitCode: 1 });
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    this.#link.close();
    await this.#server.close();
  }

  async #exit(actorId: ActorId, cause: DeathCause): Promise<void> {
    const hosted = this.actors.get(actorId);
    if (hosted === undefined) return;
    this.actors.delete(actorId);
    const { workerId } = hosted;
    await this.#gcs()?.reportActor({ nodeId: this.nodeId, event: { kind: "exited", actorId, workerId, cause } });
  }

  async #onLink(link: Link): Promise<void> {
    serveService(link, agentService, {
      startActor: ({ actor }) => {
        this.#start(actor);
        return {};
      },
      stopActor: ({ actorId }) => {
        void this.#exit(actorId, { kind: "EXITED", message: "stopped", exitCode: 0 });
        return {};
      },
      putRouting: ({ snapshot }) => {
        this.#routing = snapshot;
        return {};
      },
      actorsDown: () => ({}),
      drain: () => ({}),
      followLeader: () => ({}),
      getRouting: () => ({ snapshot: this.#routing ?? null }),
      getBundle: () => ({ bytes: null }),
    });
    const answer = await createClient(link, gcsService).registerNode(this.#registration());
    for (const actorId of answer.unwanted) this.actors.delete(actorId);
  }

  #start(record: ActorRecord): void {
    const { actorId } = record;
    if (this.actors.has(actorId)) return;
    pids += 1;
    const hosted: Hosted = { record, workerId: newWorkerId(), pid: pids, readyMs: undefined };
    this.actors.set(actorId, hosted);
    setImmediate(() => {
      hosted.readyMs = performance.now();
      const { workerId, pid } = hosted;
      const event = { kind: "ready", actorId, workerId, pid, addresses: this.#addresses } as const;
      void this.#gcs()?.reportActor({ nodeId: this.nodeId, event });
    });
  }

  async #beat(): Promise<void> {
    await this.#gcs()
      ?.heartbeat({ nodeId: this.nodeId })
      .catch(() => undefined);
  }

  #gcs() {
    const link = this.#link.current;
    return link === undefined ? undefined : createClient(link, gcsService);
  }

  get #addresses() {
    const [tcp = ""] = this.#server.addresses;
    return { unix: tcp, tcp };
  }

  #registration(): NodeRegistration {
    const { ip, cpus } = this.#options;
    return {
      nodeId: this.nodeId,
      ip,
      name: "fake",
      isHead: false,
      resources: { CPU: cpus },
      labels: {},
      addresses: this.#addresses,
      agentPort: 52365,
      proxyPort: 8000,
      startMs: systemClock.wallMs(),
      inventory: [...this.actors].map(([actorId, { record, workerId, pid, readyMs }]) => ({
        actorId,
        workerId,
        pid,
        state: readyMs === undefined ? "STARTING" : "ALIVE",
        addresses: readyMs === undefined ? null : this.#addresses,
        restarts: record.restarts,
        spec: record.spec,
        startMs: record.startMs,
      })),
      exits: [],
      routingVersion: this.#routing?.version ?? 0,
      gcsAddress: "",
      drain: null,
    };
  }
}

/** Every actor of a fake node is at the same address and in good health. */
const serveActors = (link: Link): void => {
  serveService(link, replicaService, {
    checkHealth: () => ({ ongoing: 0 }),
    reconfigure: () => ({}),
    metadata: () => {
      throw new Error("a fake replica is never adopted");
    },
  });
  serveService(link, proxyService, {
    checkHealth: () => ({
      draining: false,
      routesReady: true,
      routingVersion: 1,
      connections: 0,
      ongoing: 0,
      port: 8000,
    }),
    setDraining: () => ({}),
    stats: () => ({ deployments: {}, responses: {} }),
  });
};
