import type { Clock } from "../../../base/clock.ts";
import { MantaError } from "../../../base/errors.ts";
import { type ActorId, type NodeId, parseActorId, parseNodeId, parseWorkerId, serveJobId } from "../../../base/ids.ts";
import { type Random, randomBelow } from "../../../base/random.ts";
import { type ActorRecord, type ActorSpec, actorSpecSchema, type DeathCause } from "../../../protocol/actor.ts";
import { controllerName } from "../../../protocol/controller.ts";
import type { GcsEvent } from "../../../protocol/gcs.ts";
import type { NodeRecord } from "../../../protocol/node.ts";
import type { RoutingSnapshot } from "../../../protocol/routing.ts";

/** How actors of a module behave once they have a place. */
export interface ActorBehaviour {
  readonly startMs: number;
  /** Text of the constructor's exception; undefined: it starts. */
  readonly startError: string | undefined;
  readonly stopMs: number;
}

/** What the cluster is made of. */
export interface SimulatedClusterOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly behaviour: (spec: ActorSpec) => ActorBehaviour;
  /** Share of calls whose request or answer is lost. Default 0. */
  readonly lossShare?: number;
}

interface Subscriber {
  readonly tell: (event: GcsEvent) => void;
  readonly fail: () => void;
}

/** Control store and nodes in one, at the seam at which the controller acts: placement, life and death of actors, events. */
export class SimulatedCluster {
  readonly nodes = new Map<NodeId, NodeRecord>();
  readonly actors = new Map<ActorId, ActorRecord>();
  readonly kv = new Map<string, Uint8Array>();
  routing: RoutingSnapshot | null = null;
  readonly drainingProxies = new Set<string>();
  /** What every call that changes something is answered with. */
  refuse: MantaError | undefined;
  /** Nobody is told who lives. */
  listRefused = false;
  /** Kinds of the events that were reported. */
  readonly events: string[] = [];
  readonly controllerId: ActorId;
  lossShare: number;
  /** Names of all actors that were asked for. */
  readonly created: string[] = [];
  /** Sees every snapshot before it is taken, and every stop. */
  onRouting: ((next: RoutingSnapshot, before: RoutingSnapshot | null) => void) | undefined;
  onRemove: ((actor: ActorRecord) => void) | undefined;
  readonly #options: SimulatedClusterOptions;
  readonly #subscribers = new Set<Subscriber>();
  /** Live, and not known to the control store. */
  readonly #away = new Set<ActorId>();
  #serial = 0;

  constructor(options: SimulatedClusterOptions) {
    this.#options = options;
    this.lossShare = options.lossShare ?? 0;
    this.controllerId = this.addController();
  }

  /** An actor of the controller's name. The one before, if any, is dead. */
  addController(): ActorId {
    for (const actor of this.actors.values()) {
      if (actor.spec.name === controllerName) this.#set({ ...actor, state: "DEAD", addresses: null });
    }
    const actorId = parseActorId(this.#hex(32));
    const entry = { module: "serve-controller", args: {} };
    const spec = { className: "ServeController", name: controllerName, namespace: "serve", jobId: serveJobId, entry };
    this.#set({ ...blankRecord(actorId, actorSpecSchema.parse(spec), this.#options.clock), state: "ALIVE" });
    return actorId;
  }

  /** Another process of the controller's actor has taken its place. */
  takeOverController(restarts: number): void {
    const actor = this.actors.get(this.controllerId);
    if (actor !== undefined) this.#set({ ...actor, restarts, workerId: parseWorkerId(this.#hex(56)) });
  }

  addNode(options: { cpus: number; isHead?: boolean; ip?: string }): NodeId {
    const nodeId = parseNodeId(this.#hex(56));
    this.nodes.set(nodeId, {
      nodeId,
      ip: options.ip ?? `127.0.0.${this.#serial}`,
      name: `node-${this.#serial}`,
      isHead: options.isHead ?? false,
      state: "ALIVE",
      stateMessage: "",
      draining: false,
      drain: null,
      gcsAddress: "",
      resources: { CPU: options.cpus },
      labels: {},
      addresses: { unix: "unix:/none", tcp: "tcp:127.0.0.1:1" },
      agentPort: 1,
      proxyPort: 0,
      startMs: this.#options.clock.wallMs(),
      endMs: null,
    });
    this.#tellNode(nodeId);
    this.#place();
    return nodeId;
  }

  killNode(nodeId: NodeId): void {
    const node = this.nodes.get(nodeId);
    if (node === undefined) return;
    this.nodes.delete(nodeId);
    this.#tell({ kind: "node", node: { ...node, state: "DEAD" } });
    const here = this.live("").filter((actor) => actor.nodeId === nodeId);
    for (const actor of here) {
      this.die(actor.actorId, { kind: "NODE_DIED", message: "its node died" });
    }
  }

  /** Without a time there is no deadline. */
  drainNode(nodeId: NodeId, timeoutMs?: number): void {
    const node = this.nodes.get(nodeId);
    if (node === undefined) return;
    const drain =
      timeoutMs === undefined ? null : { reason: "drain", deadlineMs: this.#options.clock.wallMs() + timeoutMs };
    this.nodes.set(nodeId, { ...node, draining: true, drain });
    this.#tellNode(nodeId);
  }

  /** The control store is restarted: every subscription breaks. */
  restartControlStore(): void {
    for (const subscriber of this.#subscribers) subscriber.fail();
  }

  /**
   * The control store is restarted and has lost everything. What lives is known again once its node has
   * registered, some ms later; the snapshot comes back from them.
   */
  loseData(afterMs: (node: NodeRecord) => number): void {
    const nodes = [...this.nodes.values()];
    const actors = [...this.actors.values()].filter((actor) => actor.state === "ALIVE" || actor.state === "RESTARTING");
    const { routing } = this;
    for (const { actorId } of actors) this.#away.add(actorId);
    this.kv.clear();
    this.nodes.clear();
    this.actors.clear();
    this.routing = null;
    this.restartControlStore();
    for (const node of nodes) {
      this.#options.clock.after(afterMs(node), () => {
        this.nodes.set(node.nodeId, node);
        this.#tellNode(node.nodeId);
        for (const actor of actors) {
          // The controller's own has no node here: it comes with the first.
          if (actor.nodeId !== node.nodeId && actor.nodeId !== null) continue;
          this.#away.delete(actor.actorId);
          this.#set(actor);
        }
        this.routing ??= routing;
      });
    }
  }

  /** Its node restarts a replica's process in place, as it does while nobody else could replace it. */
  repair(actorId: ActorId): void {
    const actor = this.actors.get(actorId);
    if (actor === undefined) return;
    this.#set({ ...actor, state: "RESTARTING", pid: null, addresses: null, restarts: actor.restarts + 1 });
    this.#start(actorId);
  }

  live(prefix = "SERVE_REPLICA::"): ActorRecord[] {
    return [...this.actors.values()].filter((actor) => actor.state !== "DEAD" && actor.spec.name.startsWith(prefix));
  }

  /** Its process runs, whether or not the control store knows it. */
  runs(actorId: ActorId): boolean {
    return this.#away.has(actorId) || this.actors.get(actorId)?.state === "ALIVE";
  }

  create(spec: ActorSpec): ActorRecord {
    const taken = [...this.actors.values()].some((actor) => actor.state !== "DEAD" && actor.spec.name === spec.name);
    if (taken) throw new MantaError("already_exists", `${spec.name} exists`);
    const actorId = parseActorId(this.#hex(32));
    const record = blankRecord(actorId, spec, this.#options.clock);
    this.actors.set(actorId, record);
    this.created.push(spec.name);
    this.#options.clock.after(1, () => this.#place());
    return record;
  }

  remove(actorId: ActorId, graceMs: number): void {
    const actor = this.actors.get(actorId);
    if (actor === undefined) throw new MantaError("not_found", `no actor ${actorId}`);
    if (actor.state === "DEAD" || actor.stopRequested !== undefined) return;
    this.onRemove?.(actor);
    this.#set({ ...actor, stopRequested: { replace: false, graceMs, reason: "removed" } });
    const delayMs = Math.min(graceMs, this.#options.behaviour(actor.spec).stopMs);
    this.#options.clock.after(delayMs, () => this.die(actorId, { kind: "KILLED", message: "removed" }));
  }

  /** The process ends. A proxy is started again in place, as its spec says. */
  die(actorId: ActorId, cause: DeathCause): void {
    const actor = this.actors.get(actorId);
    if (actor === undefined || actor.state === "DEAD") return;
    const restarts = actor.spec.maxRestarts === -1 && actor.stopRequested === undefined;
    if (restarts && cause.kind !== "NODE_DIED") {
      this.#set({ ...actor, state: "RESTARTING", pid: null, addresses: null, restarts: actor.restarts + 1 });
      this.#start(actorId);
      return;
    }
    this.#set({ ...actor, state: "DEAD", addresses: null, deathCause: cause, endMs: this.#options.clock.wallMs() });
    this.#options.clock.after(1, () => this.#place());
  }

  /** Drops what is dead, as a control store does in time. */
  forgetDead(): void {
    for (const [actorId, actor] of this.actors) if (actor.state === "DEAD") this.actors.delete(actorId);
    this.created.length = 0;
  }

  putRouting(snapshot: RoutingSnapshot): void {
    if (this.routing !== null && snapshot.version <= this.routing.version) {
      const details = { version: this.routing.version };
      throw new MantaError("stale_epoch", `snapshot.version: must be above ${this.routing.version}`, { details });
    }
    this.onRouting?.(snapshot, this.routing);
    this.routing = structuredClone(snapshot);
  }

  async *subscribe(signal: AbortSignal | undefined): AsyncIterable<GcsEvent> {
    const queue: GcsEvent[] = [
      ...[...this.nodes.values()].map((node) => ({ kind: "node", node }) as const),
      ...[...this.actors.values()].map((actor) => ({ kind: "actor", actor }) as const),
      { kind: "synced" },
    ];
    const waiting: (() => void)[] = [];
    const wake = (): void => waiting.shift()?.();
    let end: "canceled" | "link_lost" | undefined;
    const subscriber: Subscriber = {
      tell: (event) => {
        queue.push(event);
        wake();
      },
      fail: () => {
        end ??= "link_lost";
        wake();
      },
    };
    this.#subscribers.add(subscriber);
    signal?.addEventListener("abort", () => {
      end = "canceled";
      wake();
    });
    try {
      for (;;) {
        if (end === "canceled") return;
        if (end === "link_lost") throw new MantaError("link_lost", "the control store went away");
        const event = queue.shift();
        if (event !== undefined) yield event;
        else
          await new Promise<void>((resolve) => {
            waiting.push(resolve);
          });
      }
    } finally {
      this.#subscribers.delete(subscriber);
    }
  }

  #place(): void {
    for (const actor of this.actors.values()) {
      if (actor.state !== "PENDING_CREATION" || actor.nodeId !== null || actor.stopRequested !== undefined) continue;
      const nodeId = this.#choose(actor.spec);
      if (nodeId === undefined) {
        if (actor.pendingReason === "") this.#set({ ...actor, pendingReason: "no node has room" });
        continue;
      }
      this.#set({ ...actor, nodeId, pendingReason: "" });
      this.#start(actor.actorId);
    }
  }

  #choose(spec: ActorSpec): NodeId | undefined {
    let best: { nodeId: NodeId; count: number } | undefined;
    for (const node of this.nodes.values()) {
      const { nodeId: pinned, group, groupPerNodeMax } = spec.placement;
      if (node.draining || (pinned !== undefined && pinned !== node.nodeId)) continue;
      const here = [...this.actors.values()].filter((actor) => actor.nodeId === node.nodeId && actor.state !== "DEAD");
      const usedCpus = here.reduce((sum, actor) => sum + (actor.spec.resources.CPU ?? 0), 0);
      if (usedCpus + (spec.resources.CPU ?? 0) > (node.resources.CPU ?? 0)) continue;
      const count = here.filter((actor) => actor.spec.placement.group === group).length;
      if (groupPerNodeMax !== undefined && count >= groupPerNodeMax) continue;
      if (best === undefined || count < best.count) best = { nodeId: node.nodeId, count };
    }
    return best?.nodeId;
  }

  #start(actorId: ActorId): void {
    const actor = this.actors.get(actorId);
    if (actor === undefined) return;
    const { startMs, startError } = this.#options.behaviour(actor.spec);
    this.#options.clock.after(startMs, () => {
      const now = this.actors.get(actorId);
      if (now === undefined || now.state === "DEAD" || now.stopRequested !== undefined) return;
      if (startError !== undefined) {
        this.die(actorId, { kind: "CREATION_FAILED", message: startError });
        return;
      }
      const workerId = parseWorkerId(this.#hex(56));
      const addresses = { unix: `unix:/${workerId.slice(0, 8)}`, tcp: "tcp:127.0.0.1:1" };
      this.#set({ ...now, state: "ALIVE", workerId, pid: 1_000 + this.#serial, addresses });
    });
  }

  #set(actor: ActorRecord): void {
    this.actors.set(actor.actorId, actor);
    this.#tell({ kind: "actor", actor });
  }

  #tellNode(nodeId: NodeId): void {
    const node = this.nodes.get(nodeId);
    if (node !== undefined) this.#tell({ kind: "node", node });
  }

  #tell(event: GcsEvent): void {
    for (const subscriber of this.#subscribers) subscriber.tell(event);
  }

  #hex(length: number): string {
    this.#serial += 1;
    return (this.#serial.toString(16).padStart(8, "0") + "0".repeat(length)).slice(0, length);
  }

  /** Runs a call as a network does: a little later, and with `lossShare` its request or its answer is lost. */
  async call<T>(work: () => T): Promise<T> {
    const { clock, random } = this.#options;
    const pause = (): Promise<void> =>
      new Promise((resolve) => {
        clock.after(random.next() * 2, resolve);
      });
    await pause();
    if (random.next() < this.lossShare / 2) throw new MantaError("unavailable", "the request was lost");
    const result = work();
    await pause();
    if (random.next() < this.lossShare / 2) throw new MantaError("link_lost", "the answer was lost");
    return result;
  }

  /** One of the live replicas, by chance. */
  pickReplica(): ActorRecord | undefined {
    const live = this.live();
    return live[randomBelow(this.#options.random, Math.max(1, live.length))];
  }
}

const blankRecord = (actorId: ActorId, spec: ActorSpec, clock: Clock): ActorRecord => ({
  actorId,
  spec,
  state: "PENDING_CREATION",
  nodeId: null,
  workerId: null,
  pid: null,
  addresses: null,
  restarts: 0,
  deathCause: null,
  startMs: clock.wallMs(),
  endMs: null,
  pendingReason: "",
});
