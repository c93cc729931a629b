import type { MantaError } from "../../../base/errors.ts";
import { actorSpecSchema } from "../../../protocol/actor.ts";
import { serveNamespace } from "../../../protocol/controller.ts";
import { hash } from "../../config/index.ts";
import { controllerLimits } from "../limits.ts";
import type { Revision } from "../state/target-state.ts";
import type { ReconcilerShared } from "./reconciler-shared.ts";
import type { Replica } from "./replica.ts";
import type { ReplicaSet } from "./replica-set.ts";
import { replicaSpec } from "./replica-spec.ts";

/** What the actions need. */
export interface ReplicaActionsDeps {
  readonly shared: ReconcilerShared;
  readonly app: string;
  readonly deployment: string;
  readonly replicas: ReplicaSet;
  readonly onTouched: () => void;
  readonly onReconfigureFailed: (replica: Replica, message: string) => void;
}

/**
 * The calls that bring replicas where they shall be. Level-triggered: each looks at the replica as it is,
 * does the one next thing, and is called again until there is nothing to do. One call a replica at a time.
 */
export class ReplicaActions {
  readonly #deps: ReplicaActionsDeps;

  constructor(deps: ReplicaActionsDeps) {
    this.#deps = deps;
  }

  /** Does the next thing, if any. Returns when to look again though nothing happens, or null. */
  advance(replica: Replica, revision: Revision | null, routePrefix: string): number | null {
    if (replica.busy) return null;
    const nowMs = this.#deps.shared.clock.nowMs();
    if (nowMs < replica.retryAtMs) return this.#isDone(replica, revision) ? null : replica.retryAtMs;
    if (replica.phase === "STARTING" && replica.record === null) {
      const startWith = replica.revision ?? revision;
      if (replica.uncertain) this.#lookUp(replica);
      else if (startWith !== null) this.#create(replica, startWith, routePrefix);
    } else if (replica.phase === "STOPPING") {
      this.#advanceStop(replica, revision);
    }
    return null;
  }

  /** Changes a running replica's settings in place. */
  reconfigure(replica: Replica, revision: Revision): void {
    const { shared, onReconfigureFailed } = this.#deps;
    const { record } = replica;
    if (replica.busy || record === null || shared.clock.nowMs() < replica.retryAtMs) return;
    replica.reconfiguring = true;
    const { resolved } = revision;
    const run = async (): Promise<void> => {
      const { replicas } = shared.ports;
      const known = replica.userConfig ?? {
        value: await replicas.userConfig(record, controllerLimits.callTimeoutMs),
      };
      const change = {
        userConfig: resolved.user_config,
        runUserReconfigure: hash(known.value) !== hash(resolved.user_config),
        maxOngoingRequests: resolved.max_ongoing_requests,
      };
      await replicas.reconfigure(record, change, controllerLimits.reconfigureTimeoutMs);
    };
    this.#start(replica, "change a replica's settings", run, {
      done: () => {
        replica.reconfiguring = false;
        replica.settings = revision.settings;
        replica.userConfig = { value: resolved.user_config };
      },
      failed: (error) => {
        replica.reconfiguring = false;
        replica.userConfig = null;
        // A broken link says nothing of the settings: asked again.
        if (!error.retryable) onReconfigureFailed(replica, error.rawMessage);
      },
    });
  }

  #isDone(replica: Replica, revision: Revision | null): boolean {
    // A change of settings that failed is decided on again.
    if (replica.phase === "RUNNING") return revision === null || replica.settings === revision.settings;
    return replica.phase === "STARTING" && replica.record !== null;
  }

  #create(replica: Replica, revision: Revision, routePrefix: string): void {
    const { shared, app, deployment, replicas } = this.#deps;
    const spec = actorSpecSchema.parse(
      replicaSpec(replica, revision, { app, deployment, routePrefix, pack: shared.env.packReplicas }),
    );
    const run = (): ReturnType<typeof shared.ports.gcs.createActor> =>
      shared.ports.gcs.createActor({ spec }, { timeoutMs: controllerLimits.callTimeoutMs });
    this.#start(replica, "create a replica", run, {
      // Events that followed may have overtaken the answer: they know better.
      done: ({ actor }) => {
        if (replica.record === null) replicas.observe(actor);
      },
      failed: (error) => {
        // Made by a call whose answer was lost, or perhaps made: the name tells.
        replica.uncertain = error.code === "already_exists" || error.retryable || error.code === "deadline_exceeded";
      },
    });
  }

  #lookUp(replica: Replica): void {
    const { shared, replicas } = this.#deps;
    const run = async (): ReturnType<typeof shared.ports.gcs.getActor> =>
      shared.ports.gcs.getActor(
        { name: replica.id, namespace: serveNamespace },
        { timeoutMs: controllerLimits.callTimeoutMs },
      );
    this.#start(replica, "look up a replica", run, {
      done: ({ actor }) => {
        if (replica.record === null) replicas.observe(actor);
      },
      failed: (error) => {
        if (error.code !== "not_found") return;
        replica.uncertain = false;
        replica.retryAtMs = 0;
      },
    });
  }

  #advanceStop(replica: Replica, revision: Revision | null): void {
    const { shared, replicas } = this.#deps;
    const { record, stop } = replica;
    if (record === null) {
      if (replica.uncertain) this.#lookUp(replica);
      else replicas.drop(replica);
      return;
    }
    // Proxies must have been told to leave it alone before it goes.
    if (shared.isRouted(replica.id)) return;
    const timeoutS = (revision ?? replica.revision)?.resolved.graceful_shutdown_timeout_s;
    const fullGraceMs = timeoutS === undefined ? record.spec.stopGraceMs : timeoutS * 1_000;
    const graceMs = stop?.force === true ? 0 : fullGraceMs;
    const run = (): ReturnType<typeof shared.ports.gcs.removeActor> =>
      shared.ports.gcs.removeActor(
        { actorId: record.actorId, graceMs, reason: stop?.reason ?? "not wanted" },
        { timeoutMs: controllerLimits.callTimeoutMs },
      );
    this.#start(replica, "stop a replica", run, {
      done: () => {
        replica.removalAsked = true;
        replica.retryAtMs = shared.clock.nowMs() + graceMs + controllerLimits.stopOrderRepeatMs;
      },
      failed: (error) => {
        if (error.code === "not_found") replicas.drop(replica);
      },
    });
  }

  #start<T>(
    replica: Replica,
    what: string,
    run: () => Promise<T>,
    outcome: { readonly done: (value: T) => void; readonly failed: (error: MantaError) => void },
  ): void {
    const { clock, effects } = this.#deps.shared;
    replica.busy = true;
    effects.start<T>({
      what,
      run,
      done: (value) => {
        replica.busy = false;
        replica.retryAtMs = 0;
        replica.failedCalls = 0;
        outcome.done(value);
        this.#deps.onTouched();
      },
      failed: (error) => {
        replica.busy = false;
        const { retryInitialMs, retryMaxMs } = controllerLimits;
        replica.retryAtMs = clock.nowMs() + Math.min(retryMaxMs, retryInitialMs * 2 ** replica.failedCalls);
        replica.failedCalls += 1;
        outcome.failed(error);
        this.#deps.onTouched();
      },
    });
  }
}
