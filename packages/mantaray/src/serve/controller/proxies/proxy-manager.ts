import type { Clock } from "../../../base/clock.ts";
import type { MantaError } from "../../../base/errors.ts";
import type { NodeId } from "../../../base/ids.ts";
import type { Log } from "../../../base/log.ts";
import { type ActorRecord, actorSpecSchema } from "../../../protocol/actor.ts";
import { proxyName, serveNamespace } from "../../../protocol/controller.ts";
import type { HttpOptions } from "../../config/index.ts";
import type { ClusterView } from "../cluster-view.ts";
import type { ControllerEnv } from "../env.ts";
import { controllerLimits } from "../limits.ts";
import type { Effects } from "../loop/effects.ts";
import type { ControllerPorts, ProxyHealth } from "../ports.ts";
import { newProxy, type Proxy, proxySpec } from "./proxy.ts";

/** What the manager is made of. */
export interface ProxyManagerDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly env: ControllerEnv;
  readonly effects: Effects;
  readonly ports: Pick<ControllerPorts, "gcs" | "proxies">;
  readonly cluster: ClusterView;
}

/** Where proxies shall be. */
export interface ProxyWishes {
  readonly nodes: ReadonlySet<NodeId>;
  /** Nodes that still have a replica, be it one that stops: their proxies go last. */
  readonly serving: ReadonlySet<NodeId>;
  readonly http: HttpOptions;
  /** False: proxies that are not wanted go at once, for a shutdown. */
  readonly drains: boolean;
}

/**
 * One proxy on each node that shall have one. A proxy that is wanted no more drains for a while before it
 * goes; one that does not answer three checks in a row is killed and restarts in place.
 */
export class ProxyManager {
  readonly #deps: ProxyManagerDeps;
  readonly #proxies = new Map<NodeId, Proxy>();
  readonly #byName = new Map<string, Proxy>();
  #http: HttpOptions = {};
  #drains = true;
  #serving: ReadonlySet<NodeId> = new Set();

  constructor(deps: ProxyManagerDeps) {
    this.#deps = deps;
  }

  all(): IterableIterator<Proxy> {
    return this.#proxies.values();
  }

  get size(): number {
    return this.#proxies.size;
  }

  /** Says which nodes shall have a proxy. */
  want({ nodes, serving, http, drains }: ProxyWishes): void {
    this.#http = http;
    this.#drains = drains;
    this.#serving = serving;
    for (const nodeId of nodes) {
      if (!this.#proxies.has(nodeId)) this.#add(nodeId);
    }
    for (const proxy of this.#proxies.values()) {
      const wanted = nodes.has(proxy.nodeId);
      if (wanted === proxy.wanted) continue;
      proxy.wanted = wanted;
      proxy.drainingSinceMs = wanted ? null : this.#deps.clock.nowMs();
      proxy.retryAtMs = 0;
    }
  }

  /** What the control store says of a proxy's actor, adopted where it was not known. */
  observe(record: ActorRecord, nodeId: NodeId): void {
    const proxy = this.#byName.get(record.spec.name) ?? (record.state === "DEAD" ? undefined : this.#add(nodeId));
    if (proxy === undefined) return;
    const known = proxy.record;
    const sameActor = known === null || known.actorId === record.actorId;
    // News of the predecessor that had the same name.
    if (!sameActor && (record.state === "DEAD" || record.startMs < known.startMs)) return;
    proxy.record = record;
    proxy.uncertain = false;
    const newProcess = known?.pid !== record.pid || known?.state !== record.state;
    if (!newProcess) return;
    proxy.health = null;
    proxy.strikes = 0;
    proxy.toldDraining = false;
    proxy.nextCheckMs = 0;
    proxy.status = "STARTING";
    if (record.state === "DEAD") proxy.removalAsked = false;
  }

  /** Actors that were known and that the control store does not know any more. */
  onLost(name: string): void {
    const proxy = this.#byName.get(name);
    if (proxy !== undefined) proxy.record = null;
  }

  /** Does what is due. Returns when to look again though nothing happens, or null. */
  run(): number | null {
    const nowMs = this.#deps.clock.nowMs();
    let wakeAtMs: number | null = null;
    for (const proxy of this.#proxies.values()) {
      if (proxy.busy) continue;
      const againMs = nowMs < proxy.retryAtMs ? proxy.retryAtMs : this.#advance(proxy, nowMs);
      if (againMs !== null) wakeAtMs = Math.min(wakeAtMs ?? againMs, againMs);
    }
    return wakeAtMs;
  }

  #advance(proxy: Proxy, nowMs: number): number | null {
    const node = this.#deps.cluster.get(proxy.nodeId);
    const { record } = proxy;
    if (node === undefined) {
      // Its node is lost, or only cut off: then its proxy serves on and is adopted with it. The control store gives
      // up an actor that is pinned to a node which stays away.
      if (record === null || record.state === "DEAD" || proxy.removalAsked) this.#drop(proxy);
      return null;
    }
    if (record === null || record.state === "DEAD") {
      if (!proxy.wanted && !proxy.uncertain) this.#drop(proxy);
      else if (proxy.uncertain) this.#lookUp(proxy);
      else this.#create(proxy);
      return null;
    }
    if (proxy.removalAsked) return null;
    if (!proxy.wanted && !this.#drains) {
      this.#remove(proxy, record, controllerLimits.proxyStopGraceMs, "no proxy is wanted on its node");
      return null;
    }
    if (record.state !== "ALIVE") return this.#awaitStart(proxy, record, nowMs);
    if (proxy.toldDraining === proxy.wanted) {
      this.#tellDraining(proxy, record, !proxy.wanted);
      return null;
    }
    if (!proxy.wanted && this.#isDrained(proxy, nowMs)) {
      proxy.status = "DRAINED";
      this.#remove(proxy, record, controllerLimits.proxyStopGraceMs, "it is drained");
      return null;
    }
    if (nowMs < proxy.nextCheckMs) return proxy.nextCheckMs;
    this.#check(proxy, record);
    return null;
  }

  /** Placement goes back and forth while an application starts: one that still starts waits as long as one that drains. */
  #awaitStart(proxy: Proxy, record: ActorRecord, nowMs: number): number | null {
    if (proxy.wanted) return null;
    const endMs = (proxy.drainingSinceMs ?? nowMs) + this.#deps.env.proxyDrainMinMs;
    if (nowMs < endMs) return endMs;
    this.#remove(proxy, record, controllerLimits.proxyStopGraceMs, "no proxy is wanted on its node");
    return null;
  }

  #isDrained(proxy: Proxy, nowMs: number): boolean {
    const drainedMs = nowMs - (proxy.drainingSinceMs ?? nowMs);
    if (this.#serving.has(proxy.nodeId)) return false;
    return drainedMs >= this.#deps.env.proxyDrainMinMs && proxy.health?.draining === true && proxy.health.ongoing === 0;
  }

  #create(proxy: Proxy): void {
    const { ports, cluster, env } = this.#deps;
    const node = cluster.get(proxy.nodeId);
    if (node === undefined) return;
    const spec = actorSpecSchema.parse(proxySpec(node, this.#http, env.defaultHttpHost));
    proxy.record = null;
    this.#start(proxy, "create a proxy", () => ports.gcs.createActor({ spec }, callOptions), {
      done: ({ actor }) => {
        // Events that followed may have overtaken the answer: they know better.
        if (proxy.record?.actorId !== actor.actorId) this.observe(actor, proxy.nodeId);
      },
      failed: (error) => {
        proxy.uncertain = error.code === "already_exists" || error.retryable || error.code === "deadline_exceeded";
      },
    });
  }

  #lookUp(proxy: Proxy): void {
    const name = { name: proxyName(proxy.nodeId), namespace: serveNamespace };
    this.#start(proxy, "look up a proxy", () => this.#deps.ports.gcs.getActor(name, callOptions), {
      done: ({ actor }) => {
        proxy.uncertain = false;
        if (actor.state !== "DEAD") this.observe(actor, proxy.nodeId);
      },
      failed: (error) => {
        if (error.code === "not_found") proxy.uncertain = false;
      },
    });
  }

  #remove(proxy: Proxy, record: ActorRecord, graceMs: number, reason: string): void {
    const { gcs } = this.#deps.ports;
    const request = { actorId: record.actorId, graceMs, reason };
    this.#start(proxy, "stop a proxy", () => gcs.removeActor(request, callOptions), {
      done: () => {
        proxy.removalAsked = true;
      },
      failed: (error) => {
        if (error.code === "not_found") proxy.record = null;
      },
    });
  }

  #tellDraining(proxy: Proxy, record: ActorRecord, draining: boolean): void {
    const { ports, env } = this.#deps;
    const run = (): Promise<void> => ports.proxies.setDraining(record, draining, env.proxyHealthTimeoutMs);
    this.#start(proxy, "tell a proxy to drain", run, {
      done: () => {
        proxy.toldDraining = draining;
        proxy.nextCheckMs = 0;
        if (draining) proxy.status = "DRAINING";
      },
      failed: (error) => this.#strike(proxy, record, error),
    });
  }

  #check(proxy: Proxy, record: ActorRecord): void {
    const { ports, env, clock } = this.#deps;
    const run = (): Promise<ProxyHealth> => ports.proxies.checkHealth(record, env.proxyHealthTimeoutMs);
    proxy.nextCheckMs = clock.nowMs() + (proxy.wanted ? env.proxyHealthPeriodMs : env.proxyHealthPeriodMs / 2);
    this.#start(proxy, "check a proxy", run, {
      done: (health) => {
        if (proxy.record?.pid !== record.pid) return;
        proxy.health = health;
        proxy.strikes = 0;
        proxy.status = proxy.toldDraining ? "DRAINING" : "HEALTHY";
      },
      failed: (error) => this.#strike(proxy, record, error),
    });
  }

  #strike(proxy: Proxy, record: ActorRecord, error: MantaError): void {
    if (proxy.record?.pid !== record.pid || error.code === "link_lost") return;
    proxy.strikes += 1;
    this.#deps.log.info({ err: error, proxy: record.spec.name, strikes: proxy.strikes }, "a proxy did not answer");
    if (proxy.strikes < controllerLimits.unhealthyStrikes) return;
    proxy.status = "UNHEALTHY";
    proxy.strikes = 0;
    const { gcs } = this.#deps.ports;
    const reason = `its health checks fail: ${error.rawMessage}`;
    const graceMs = controllerLimits.proxyStopGraceMs;
    const kill = { actorId: record.actorId, noRestart: false, graceMs, reason };
    this.#start(proxy, "restart a proxy", () => gcs.killActor(kill, callOptions), {
      done: () => undefined,
      failed: () => undefined,
    });
  }

  #start<T>(
    proxy: Proxy,
    what: string,
    run: () => Promise<T>,
    outcome: { readonly done: (value: T) => void; readonly failed: (error: MantaError) => void },
  ): void {
    const { clock, effects } = this.#deps;
    proxy.busy = true;
    effects.start<T>({
      what,
      run,
      done: (value) => {
        proxy.busy = false;
        proxy.failedCalls = 0;
        outcome.done(value);
      },
      failed: (error) => {
        proxy.busy = false;
        const { retryInitialMs, retryMaxMs } = controllerLimits;
        proxy.retryAtMs = clock.nowMs() + Math.min(retryMaxMs, retryInitialMs * 2 ** proxy.failedCalls);
        proxy.failedCalls += 1;
        outcome.failed(error);
      },
    });
  }

  #add(nodeId: NodeId): Proxy {
    const proxy = newProxy(nodeId);
    this.#proxies.set(nodeId, proxy);
    this.#byName.set(proxyName(nodeId), proxy);
    return proxy;
  }

  #drop(proxy: Proxy): void {
    this.#proxies.delete(proxy.nodeId);
    this.#byName.delete(proxyName(proxy.nodeId));
  }
}

const callOptions = { timeoutMs: controllerLimits.callTimeoutMs } as const;
