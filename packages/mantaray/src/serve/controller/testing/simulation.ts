import { expect } from "vitest";
import { MantaError } from "../../../base/errors.ts";
import { FakeClock } from "../../../base/fake-clock.ts";
import { silentLog } from "../../../base/log.ts";
import { type Random, seededRandom } from "../../../base/random.ts";
import { type ActorRecord, type ActorSpec, actorSpecSchema } from "../../../protocol/actor.ts";
import { replicaArgsSchema } from "../../../protocol/replica.ts";
import { type DeployConfig, parseDeployConfig } from "../../config/index.ts";
import { Controller } from "../controller.ts";
import { readControllerEnv } from "../env.ts";
import type { BuildRequest, ControllerPorts } from "../ports.ts";
import { deployApps } from "../state/deploy-apps.ts";
import type { BuildOutcome } from "../state/finish-build.ts";
import { type ActorBehaviour, SimulatedCluster } from "./simulated-cluster.ts";

/** A world that can be wound up: a cluster, a controller that can be killed, and what is checked all the time. */
export class Simulation {
  readonly clock = new FakeClock();
  readonly random: Random;
  readonly cluster: SimulatedCluster;
  controller: Controller;
  /** Bundle that a build gives; by it actors know how to behave. */
  bundle = "b1";
  build: (request: BuildRequest) => BuildOutcome = () => this.oneDeployment();
  behaviour: (spec: ActorSpec) => ActorBehaviour = () => ({ startMs: 100, startError: undefined, stopMs: 50 });
  /** Replicas that do not answer their health checks. */
  readonly sick = new Set<string>();
  /** Live replicas that a snapshot must hold, by deployment key; set by tests of rollouts. */
  readonly minServing = new Map<string, number>();
  readonly violations: string[] = [];
  readonly reconfigured: string[] = [];
  #incarnation = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.cluster = new SimulatedCluster({
      clock: this.clock,
      random: this.random,
      behaviour: (spec) =>
        spec.entry.module === "serve-replica"
          ? this.behaviour(spec)
          : { startMs: 20, startError: undefined, stopMs: 5 },
    });
    this.#checkInvariants();
    this.controller = this.#newController();
  }

  async start(): Promise<void> {
    const starting = this.controller.start();
    await this.clock.advance(50);
    await starting;
    await this.clock.advance(50);
  }

  /** The controller's process dies; another takes over. */
  async restartController(): Promise<void> {
    this.controller.close();
    this.controller = this.#newController();
    const starting = this.controller.start().catch(() => undefined);
    await this.clock.advance(50);
    await starting;
  }

  /** Restarts it until it comes up, for worlds that lose calls. */
  async startUntilUp(): Promise<void> {
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const starting = this.controller.start().then(
        () => true,
        () => false,
      );
      await this.clock.advance(50);
      if (await starting) return;
      this.controller.close();
      this.controller = this.#newController();
    }
    throw new MantaError("deadline_exceeded", "the controller did not come up");
  }

  async deploy(config: DeployConfig): Promise<void> {
    const committing = this.controller.store.commit(
      (state) => deployApps(state, config, "declarative", this.clock.wallMs()).state,
    );
    // It may reject while time is wound on: looked at after.
    committing.catch(() => undefined);
    await this.clock.advance(20);
    await committing;
  }

  oneDeployment(options: Readonly<Record<string, unknown>> = {}): BuildOutcome {
    return {
      ok: true,
      bundleId: this.bundle,
      ingress: "D",
      deployments: [{ name: "D", options, outbound: [] }],
    };
  }

  /** Lets time pass until the predicate holds; fails after `limitMs` of simulated time. */
  async until(what: string, holds: () => boolean, limitMs = 120_000): Promise<void> {
    for (let passedMs = 0; passedMs < limitMs; passedMs += 100) {
      if (holds()) return;
      await this.clock.advance(100);
    }
    expect.fail(`${what} did not happen within ${limitMs} ms: ${this.describe()}`);
  }

  isHealthy(count: number, app = "default", deployment = "D"): boolean {
    const target = this.controller.store.state.apps.get(app)?.deployments.get(deployment);
    const routed = this.cluster.routing?.deployments[`${app}#${deployment}`]?.replicas.length ?? 0;
    const live = this.cluster.live(`SERVE_REPLICA::${app}#${deployment}#`);
    return target?.status.status === "HEALTHY" && routed === count && live.length === count;
  }

  describe(): string {
    const apps = [...this.controller.store.state.apps.values()].map((app) => ({
      app: app.name,
      build: app.build,
      deployments: [...app.deployments.values()].map((d) => [d.name, d.status, d.failure]),
    }));
    const actors = this.cluster.live("").map((a) => [a.spec.name, a.state, a.nodeId?.slice(0, 8), a.pendingReason]);
    return JSON.stringify({ apps, actors, routing: this.cluster.routing }, undefined, 1).slice(0, 4_000);
  }

  versionsLive(): Set<string> {
    return new Set(this.cluster.live().map((actor) => replicaArgsSchema.parse(actor.spec.entry.args).bundleId));
  }

  #checkInvariants(): void {
    const { cluster } = this;
    // The version of the snapshot only rises, and one taken is never shrunk below what must serve.
    cluster.onRouting = (next) => {
      for (const [key, least] of this.minServing) {
        const replicas = next.deployments[key]?.replicas ?? [];
        const alive = replicas.filter((replica) => cluster.actors.get(replica.actorId)?.state === "ALIVE");
        if (alive.length < least) this.violations.push(`snapshot ${next.version}: ${alive.length} of ${least} serve`);
      }
    };
    // C3: no live replica is stopped while proxies may still choose it.
    cluster.onRemove = (actor) => {
      const routed = Object.values(cluster.routing?.deployments ?? {}).flatMap((deployment) => deployment.replicas);
      if (actor.state === "ALIVE" && routed.some((replica) => replica.actorId === actor.actorId)) {
        this.violations.push(`${actor.spec.name} was stopped while it was routed`);
      }
    };
  }

  #newController(): Controller {
    this.#incarnation += 1;
    const incarnation = this.#incarnation;
    const alive = (): boolean => this.#incarnation === incarnation;
    return new Controller({
      ports: this.#ports(alive),
      clock: this.clock,
      random: this.random,
      log: silentLog,
      env: readControllerEnv({}),
    });
  }

  /** Calls of a controller that is dead reach nobody and are never answered. */
  #ports(alive: () => boolean): ControllerPorts {
    const { cluster } = this;
    const call = <T>(work: () => T): Promise<T> => {
      if (!alive()) return new Promise<T>(() => undefined);
      return cluster.call(() => {
        if (!alive()) throw new MantaError("canceled", "the caller is dead");
        return work();
      });
    };
    const sick = (actor: ActorRecord): void => {
      if (cluster.actors.get(actor.actorId)?.state !== "ALIVE") throw new MantaError("link_lost", "gone");
      if (this.sick.has(actor.spec.name)) throw new MantaError("user_error", "sick");
    };
    return {
      gcs: {
        createActor: ({ spec }) => call(() => ({ actor: cluster.create(actorSpecSchema.parse(spec)) })),
        killActor: ({ actorId }) => call(() => (cluster.die(actorId, { kind: "KILLED", message: "killed" }), {})),
        removeActor: ({ actorId, graceMs }) => call(() => (cluster.remove(actorId, graceMs), {})),
        getActor: ({ name }) =>
          call(() => {
            const named = [...cluster.actors.values()].filter((actor) => actor.spec.name === name);
            const actor = named.find((candidate) => candidate.state !== "DEAD") ?? named.at(-1);
            if (actor === undefined) throw new MantaError("not_found", `no actor ${name}`);
            return { actor };
          }),
        listActors: () => call(() => ({ actors: [...cluster.actors.values()] })),
        kvPut: (request) => call(() => (cluster.kv.set(key(request), request.value), { added: true })),
        kvGet: (request) => call(() => ({ value: cluster.kv.get(key(request)) ?? null })),
        kvDelete: (request) => call(() => ({ deleted: cluster.kv.delete(key(request)) })),
        kvKeys: () => call(() => ({ keys: [] })),
        putRouting: ({ snapshot }) => call(() => (cluster.putRouting(snapshot), {})),
        getRouting: () => call(() => ({ snapshot: cluster.routing })),
        subscribe: (_request, options) => cluster.subscribe(options?.signal),
        reportEvent: () => call(() => ({})),
        ping: () =>
          call(() => ({
            sessionName: "s",
            version: "0",
            startMs: 0,
            recovering: false,
            role: "leader",
            epoch: 1,
            leader: "",
            store: { available: true, reason: "" },
          })),
      },
      replicas: {
        checkHealth: (actor) => call(() => sick(actor)),
        reconfigure: (actor) => call(() => void this.reconfigured.push(actor.spec.name)),
        userConfig: () => call(() => null),
      },
      proxies: {
        checkHealth: () =>
          call(() => ({
            draining: true,
            routesReady: true,
            routingVersion: 1,
            connections: 0,
            ongoing: 0,
            port: 8_000,
          })),
        setDraining: () => call(() => undefined),
      },
      builds: { build: (request) => call(() => this.build(request)), prune: () => call(() => undefined) },
    };
  }
}

const key = (request: { namespace: string; key: string }): string => `${request.namespace}/${request.key}`;

/** One application with one deployment, `D`. */
export const oneApp = (deployment: Readonly<Record<string, unknown>> = {}): DeployConfig =>
  parseDeployConfig({
    applications: [{ import_path: "app:app", deployments: [{ name: "D", ...deployment }] }],
  });
