import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { controllerLimits } from "./limits.ts";
import type { Effects } from "./loop/effects.ts";
import type { BuildPort } from "./ports.ts";
import { finishBuild } from "./state/finish-build.ts";
import type { TargetState } from "./state/target-state.ts";
import type { TargetStore } from "./state/target-store.ts";

/** Builds under way at once: each is a process that bundles and runs user code. */
const buildsMax = 2;

/** What the queue is made of. */
export interface BuildQueueDeps {
  readonly builds: BuildPort;
  readonly store: TargetStore;
  readonly effects: Effects;
  readonly clock: Clock;
  readonly log: Log;
}

/** Builds every application that waits for it, and turns the outcome into targets. */
export class BuildQueue {
  readonly #deps: BuildQueueDeps;
  /** Generation that is being built, by application. */
  readonly #underWay = new Map<string, number>();
  #retryAtMs = 0;

  constructor(deps: BuildQueueDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#underWay.size;
  }

  /** Starts what waits. Returns when to look again though nothing happens, or null. */
  run(): number | null {
    const { store, clock } = this.#deps;
    for (const app of store.state.apps.values()) {
      if (app.build.state !== "pending" || app.deleting || this.#underWay.has(app.name)) continue;
      if (clock.nowMs() < this.#retryAtMs) return this.#retryAtMs;
      if (this.#underWay.size >= buildsMax) return null;
      this.#build(app.name, app.generation);
    }
    return null;
  }

  /** Bundles that no deployment can need again go; while another build runs, its own may not be named anywhere yet. */
  async #prune(): Promise<void> {
    if (this.#underWay.size > 1) return;
    const { store, builds, log } = this.#deps;
    try {
      await builds.prune(bundlesInUse(store.state));
    } catch (error) {
      log.info({ err: MantaError.from(error) }, "old bundles could not be deleted: the next build tries again");
    }
  }

  #build(name: string, generation: number): void {
    const { store, effects, builds, clock, log } = this.#deps;
    this.#underWay.set(name, generation);
    const run = async (): Promise<void> => {
      const app = store.state.apps.get(name);
      if (app === undefined) return;
      const startMs = clock.nowMs();
      const { import_path: importPath, args = {}, runtime_env: runtimeEnv } = app.config;
      const envVars = runtimeEnv?.env_vars ?? {};
      const request = { app: name, importPath, args, envVars, workingDir: runtimeEnv?.working_dir };
      const outcome = await builds.build(request).catch((error: unknown) => {
        const reason = MantaError.from(error);
        // The control store is away: the same build is tried again.
        if (reason.retryable || reason.code === "deadline_exceeded") throw reason;
        return { ok: false, message: reason.rawMessage } as const;
      });
      log.info({ app: name, ok: outcome.ok, ms: Math.round(clock.nowMs() - startMs) }, "an application was built");
      await store.commit((state) => finishBuild(state, name, generation, outcome));
      await this.#prune();
    };
    effects.start({
      what: "build an application",
      run,
      done: () => this.#underWay.delete(name),
      failed: () => {
        this.#underWay.delete(name);
        this.#retryAtMs = clock.nowMs() + controllerLimits.retryMaxMs;
      },
    });
  }
}

const bundlesInUse = (state: TargetState): Set<string> => {
  const inUse = new Set<string>();
  for (const app of state.apps.values()) {
    if (app.graph !== null) inUse.add(app.graph.bundleId);
    for (const { target, stable } of app.deployments.values()) {
      inUse.add(target.code.bundleId);
      if (stable !== null) inUse.add(stable.code.bundleId);
    }
  }
  return inUse;
};
