import { MantaError } from "../../../base/errors.ts";
import { FakeClock } from "../../../base/fake-clock.ts";
import { parseWorkerId } from "../../../base/ids.ts";
import { silentLog } from "../../../base/log.ts";
import { type Random, seededRandom } from "../../../base/random.ts";
import type { ActorSpec } from "../../../protocol/actor.ts";
import { replicaArgsSchema } from "../../../protocol/replica.ts";
import { type DeployConfig, parseDeployConfig } from "../../config/index.ts";
import { Controller } from "../controller.ts";
import { readControllerEnv } from "../env.ts";
import type { BuildRequest } from "../ports.ts";
import { Shutdown } from "../shutdown.ts";
import { deployApps } from "../state/deploy-apps.ts";
import type { BuildOutcome } from "../state/finish-build.ts";
import type { TargetState } from "../state/target-state.ts";
import { CrashPlan } from "./crash-plan.ts";
import { type ActorBehaviour, SimulatedCluster } from "./simulated-cluster.ts";
import { simulatedPorts } from "./simulated-ports.ts";

/** A world that can be wound up: a cluster, a controller that can be killed, and what is checked all the time. */
export class Simulation {
  readonly clock = new FakeClock();
  readonly random: Random;
  readonly cluster: SimulatedCluster;
  controller: Controller;
  /** Of the present controller. */
  shutdown!: Shutdown;
  /** Bundle that a build gives; by it actors know how to behave. */
  bundle = "b1";
  build: (request: BuildRequest) => BuildOutcome = () => this.oneDeployment();
  /** Builds are not done before. */
  buildsWait: Promise<void> = Promise.resolve();
  behaviour: (spec: ActorSpec) => ActorBehaviour = () => ({ startMs: 100, startError: undefined, stopMs: 50 });
  /** Replicas that do not answer their health checks. */
  readonly sick = new Set<string>();
  /** Live replicas that a snapshot must hold, by deployment key; set by tests of rollouts. */
  readonly minServing = new Map<string, number>();
  /** Routes that a snapshot must hold. */
  minRoutes = 0;
  readonly violations: string[] = [];
  readonly reconfigured: string[] = [];
  /** Replicas that cannot be reached from the controller. */
  readonly unreachable = new Set<string>();
  /** What the controller does to the world, and where it dies of it. */
  crashes = new CrashPlan();
  crashed = 0;
  fenced = 0;
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

  async deploy(config: DeployConfig, source: "declarative" | "imperative" = "declarative"): Promise<void> {
    await this.commit((state) => deployApps(state, config, source, this.clock.wallMs()).state);
  }

  /** A wish of a user, asked again where the controller dies before it answers. */
  async commit(change: (state: TargetState) => TargetState): Promise<void> {
    for (;;) {
      const { controller } = this;
      const outcome = { done: false, error: undefined as unknown };
      controller.store.commit(change).then(
        () => (outcome.done = true),
        (error: unknown) => {
          outcome.error = error;
        },
      );
      await this.clock.advance(20);
      for (let passedMs = 0; passedMs < 2_000 && !outcome.done && outcome.error === undefined; passedMs += 20) {
        if (this.controller !== controller) break;
        await this.clock.advance(20);
      }
      if (outcome.error !== undefined) throw outcome.error;
      if (outcome.done) return;
      await this.#untilRecovered();
    }
  }

  async #untilRecovered(): Promise<void> {
    const recovered = { done: false };
    const follow = (): void => {
      const { controller } = this;
      void controller.recovered.then(() => (recovered.done ||= this.controller === controller));
    };
    for (let passedMs = 0; passedMs < 5_000 && !recovered.done; passedMs += 20) {
      follow();
      await this.clock.advance(20);
    }
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
      if (this.controller.failedPasses > 0) throw new MantaError("internal", "a pass of the controller failed");
      if (holds()) return;
      await this.clock.advance(100);
    }
    throw new MantaError("deadline_exceeded", `${what} did not happen within ${limitMs} ms: ${this.describe()}`);
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
      if (next.routes.length < this.minRoutes) this.violations.push(`snapshot ${next.version} lacks routes`);
      for (const [key, least] of this.minServing) {
        const replicas = next.deployments[key]?.replicas ?? [];
        const alive = replicas.filter((replica) => cluster.runs(replica.actorId));
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
    const { cluster, clock, random, sick, unreachable } = this;
    const ports = simulatedPorts({
      cluster,
      crashes: () => this.crashes,
      alive: () => this.#incarnation === incarnation,
      crash: () => this.#crash(),
      sick,
      unreachable,
      build: async (request) => {
        await this.buildsWait;
        return this.build(request);
      },
      onReconfigured: (name) => this.reconfigured.push(name),
    });
    const onFenced = (): void => {
      this.fenced += 1;
      if (this.#incarnation === incarnation) this.#incarnation += 1;
    };
    const self = { actorId: cluster.controllerId, workerId: parseWorkerId("c".repeat(56)), restarts: 0 };
    const log = silentLog;
    const controller = new Controller({ ports, clock, random, log, env: readControllerEnv({}), self, onFenced });
    const shutdown = new Shutdown({ controller, gcs: ports.gcs, self: self.actorId, clock, log });
    this.shutdown = shutdown;
    const resume = async (): Promise<void> => {
      await controller.recovered;
      await shutdown.resume();
    };
    resume().catch((error: unknown) => this.violations.push(`no resume: ${String(error)}`));
    return controller;
  }

  /** SIGKILL; its node starts it again in place. */
  #crash(): void {
    this.crashed += 1;
    this.#incarnation += 1;
    this.controller.close();
    this.clock.after(30, () => {
      this.controller = this.#newController();
      this.controller.start().catch((error: unknown) => this.violations.push(`no start: ${String(error)}`));
    });
  }
}

/** One application with one deployment, `D`. */
export const oneApp = (
  deployment: Readonly<Record<string, unknown>> = {},
  app: Readonly<Record<string, unknown>> = {},
): DeployConfig =>
  parseDeployConfig({
    applications: [{ import_path: "app:app", ...app, deployments: [{ name: "D", ...deployment }] }],
  });
