import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { ActorId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import { sleep } from "../../base/wait.ts";
import type { Controller } from "./controller.ts";
import { controllerLimits } from "./limits.ts";
import type { ControllerGcs } from "./ports.ts";
import { checkpointNamespace, shutdownKey } from "./state/checkpoint.ts";
import { closeCustody } from "./state/custody.ts";
import { deleteApps } from "./state/deploy-apps.ts";

/** What a shutdown needs. */
export interface ShutdownDeps {
  readonly controller: Controller;
  readonly gcs: Pick<ControllerGcs, "kvPut" | "kvGet" | "kvDelete" | "removeActor">;
  readonly self: ActorId;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Ends Serve: applications first, each replica with its grace; proxies when nothing is left to reach; then
 * the checkpoint and the controller itself. It is written down when it begins, so that a controller that
 * dies in the middle goes on with it.
 */
export class Shutdown {
  readonly #deps: ShutdownDeps;
  #begun = false;
  #finishing = false;

  constructor(deps: ShutdownDeps) {
    this.#deps = deps;
  }

  get begun(): boolean {
    return this.#begun;
  }

  /** Goes on with a shutdown that an earlier controller began. A control store that is away is asked until it answers. */
  async resume(): Promise<void> {
    const { controller, clock } = this.#deps;
    while (!controller.closed) {
      try {
        if (await this.#wasBegun()) await this.begin();
        return;
      } catch (error) {
        const reason = MantaError.from(error);
        if (!reason.retryable && reason.code !== "deadline_exceeded") throw reason;
        await sleep(clock, controllerLimits.retryInitialMs);
      }
    }
  }

  async #wasBegun(): Promise<boolean> {
    const { value } = await this.#deps.gcs.kvGet(
      { namespace: checkpointNamespace, key: shutdownKey },
      { timeoutMs: controllerLimits.callTimeoutMs },
    );
    return value !== null;
  }

  async begin(): Promise<void> {
    if (this.#begun) return;
    const { controller, gcs, log } = this.#deps;
    await gcs.kvPut(
      { namespace: checkpointNamespace, key: shutdownKey, value: Buffer.from("1"), overwrite: true },
      { timeoutMs: controllerLimits.callTimeoutMs },
    );
    this.#begun = true;
    log.info("Serve shuts down");
    try {
      await controller.store.commit((state) => closeCustody(deleteApps(state, [...state.apps.keys()])));
    } catch (error) {
      this.#begun = false;
      throw error;
    }
    controller.onPass = () => this.#follow();
    controller.wake();
  }

  #follow(): void {
    const { controller, log } = this.#deps;
    if (controller.store.state.apps.size > 0 || !controller.reconcilers().next().done) return;
    if (!controller.publisher.settled) return;
    if (controller.proxies.size > 0) {
      controller.dropProxies();
      return;
    }
    if (this.#finishing) return;
    this.#finishing = true;
    this.#finish().catch((error: unknown) => {
      this.#finishing = false;
      log.warn({ err: MantaError.from(error) }, "the end of the shutdown failed: it is tried again");
    });
  }

  async #finish(): Promise<void> {
    const { controller, gcs, self } = this.#deps;
    await controller.store.erase();
    const callOptions = { timeoutMs: controllerLimits.callTimeoutMs };
    await gcs.kvDelete({ namespace: checkpointNamespace, key: shutdownKey }, callOptions);
    await gcs.removeActor({ actorId: self, graceMs: 1_000, reason: "Serve was shut down" }, callOptions);
  }
}
