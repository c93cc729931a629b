import type { Clock, Timer } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { waitFor } from "../../base/wait.ts";
import type { RoutingReplica, RoutingSnapshot } from "../../protocol/routing.ts";
import type { Link } from "../../rpc/types.ts";
import type { Call } from "./call.ts";
import { Chooser } from "./choice.ts";
import { addCounters, newCounters } from "./counters.ts";
import { Deadlines } from "./deadlines.ts";
import type { HeldBytes } from "./held-body.ts";
import { routingLimits } from "./limits.ts";
import type { Router, RouterCounters } from "./outbound-request.ts";
import { DeploymentRouter } from "./router.ts";

/** Options of `createRouterPool`. */
export interface RouterPoolOptions {
  /** Our node, for locality. */
  readonly nodeId: string;
  /** Replicas on our node first: proxies do, handles do not. */
  readonly preferLocal: boolean;
  /** Opens a link to a replica; has its own time limit. */
  connect(replica: RoutingReplica): Promise<Link>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** The routers of one process. Only deployments that were asked for have links. */
export interface RouterPool {
  /** Version of the newest snapshot; 0 before the first. */
  readonly version: number;
  /** The deployment's router; made, and its replicas dialled, on first use. Keep it: it follows the snapshots. */
  router(key: string): Router;
  /** Drops the routers of these deployments once nothing is open there; a later `router` makes new ones. */
  release(keys: Iterable<string>): void;
  readonly routers: Iterable<Router>;
  /** A newer snapshot; an older one is ignored. */
  update(snapshot: RoutingSnapshot): void;
  /** Dead actors, of whatever kind: out of choice at once, their requests go elsewhere. */
  down(actorIds: readonly string[]): void;
  /** Of all deployments, those released included. */
  counters(): RouterCounters;
  /** Refuses new requests, waits up to `graceMs` for the open ones, then closes the links. */
  close(graceMs: number): Promise<void>;
}

/** Makes the routers of a process. The owner feeds it snapshots and deaths (`RoutingFeed`). */
export const createRouterPool = (options: RouterPoolOptions): RouterPool => new Pool(options);

const tickMs = 1_000;

class Pool implements RouterPool {
  readonly #options: RouterPoolOptions;
  readonly #chooser: Chooser;
  readonly #deadlines: Deadlines<Call>;
  readonly #heldBytes: HeldBytes = { bytes: 0, bytesMax: routingLimits.heldBodyBytesMax };
  readonly #routers = new Map<string, DeploymentRouter>();
  readonly #releasedCounters = newCounters();
  #snapshot: RoutingSnapshot | undefined;
  #ticker: Timer;

  constructor(options: RouterPoolOptions) {
    this.#options = options;
    this.#chooser = new Chooser(options.random);
    this.#deadlines = new Deadlines<Call>(options.clock, (call) => call.expire(options.clock.nowMs()));
    this.#ticker = this.#tickLater();
  }

  get version(): number {
    return this.#snapshot?.version ?? 0;
  }

  get routers(): Iterable<Router> {
    return this.#routers.values();
  }

  router(key: string): Router {
    const known = this.#routers.get(key);
    if (known !== undefined) {
      known.release(false);
      return known;
    }
    const router = new DeploymentRouter(key, {
      ...this.#options,
      chooser: this.#chooser,
      deadlines: this.#deadlines,
      heldBytes: this.#heldBytes,
      hasSnapshot: () => this.#snapshot !== undefined,
    });
    this.#routers.set(key, router);
    router.update(this.#snapshot?.deployments[key]);
    return router;
  }

  release(keys: Iterable<string>): void {
    for (const key of keys) this.#routers.get(key)?.release(true);
    this.#sweepReleased();
  }

  update(snapshot: RoutingSnapshot): void {
    if (snapshot.version <= this.version) return;
    this.#snapshot = snapshot;
    for (const router of this.#routers.values()) router.update(snapshot.deployments[router.key]);
  }

  down(actorIds: readonly string[]): void {
    const dead = new Set(actorIds);
    for (const router of this.#routers.values()) router.down(dead);
  }

  counters(): RouterCounters {
    const sum = addCounters(newCounters(), this.#releasedCounters);
    for (const router of this.#routers.values()) addCounters(sum, router.counters);
    return sum;
  }

  async close(graceMs: number): Promise<void> {
    const routers = [...this.#routers.values()];
    for (const router of routers) router.close();
    const { clock, log } = this.#options;
    await waitFor(() => sumOf(routers) === 0, {
      timeoutMs: graceMs,
      what: "the end of open requests",
      clock,
    }).catch(() => log.warn({ graceMs, open: sumOf(routers) }, "requests still open at the end of the grace"));
    for (const router of routers) router.abandon();
    this.#ticker.cancel();
    this.#deadlines.close();
  }

  #tickLater(): Timer {
    return this.#options.clock.after(tickMs, () => this.#tick(), { unref: true });
  }

  #tick(): void {
    for (const router of this.#routers.values()) router.tick();
    this.#sweepReleased();
    this.#ticker = this.#tickLater();
  }

  #sweepReleased(): void {
    for (const [key, router] of this.#routers) {
      if (!router.released || router.open > 0) continue;
      this.#routers.delete(key);
      addCounters(this.#releasedCounters, router.counters);
      router.abandon();
    }
  }
}

const sumOf = (routers: readonly DeploymentRouter[]): number => routers.reduce((sum, { open }) => sum + open, 0);
