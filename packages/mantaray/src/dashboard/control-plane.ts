import type { Cluster } from "../actor/index.ts";
import type { Clock } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import { serveJobId } from "../base/ids.ts";
import type { Log } from "../base/log.ts";
import type { ActorRecord, ActorSpecInput } from "../protocol/actor.ts";
import {
  type ControllerService,
  controllerClassName,
  controllerName,
  controllerService,
  serveNamespace,
} from "../protocol/controller.ts";
import { type Client, createClient } from "../rpc/index.ts";
import { dashboardLimits } from "./limits.ts";

/** What the control plane is reached with. */
export interface ControlPlaneDeps {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Log;
}

/** The control store and the controller, each reached within a bound or `unavailable`. */
export class ControlPlane {
  readonly #deps: ControlPlaneDeps;

  constructor(deps: ControlPlaneDeps) {
    this.#deps = deps;
  }

  /** The control store, once there is a link to it; `unavailable` after 2 s without. */
  async gcs(): Promise<Cluster["gcs"]> {
    try {
      await this.#deps.cluster.ready({ timeoutMs: dashboardLimits.gcsReadyTimeoutMs });
    } catch (error) {
      throw new MantaError("unavailable", "the control store (GCS) cannot be reached, please retry later", {
        cause: error,
      });
    }
    return this.#deps.cluster.gcs;
  }

  /**
   * The running controller; undefined when Serve is not running. Waits for one that is restarting;
   * `unavailable` when it does not come back in time.
   */
  async controller(): Promise<Client<ControllerService> | undefined> {
    const actor = await this.#controllerRecord();
    return actor === undefined ? undefined : this.#reach(actor, dashboardLimits.controllerReadyTimeoutMs);
  }

  /** The controller; starts Serve when it is not running. */
  async startedController(): Promise<Client<ControllerService>> {
    const actor = (await this.#controllerRecord()) ?? (await this.#createController());
    return this.#reach(actor, dashboardLimits.controllerStartTimeoutMs);
  }

  async #controllerRecord(): Promise<ActorRecord | undefined> {
    const gcs = await this.gcs();
    try {
      const { actor } = await gcs.getActor(
        { name: controllerName, namespace: serveNamespace },
        { timeoutMs: dashboardLimits.gcsCallTimeoutMs },
      );
      return actor.state === "DEAD" ? undefined : actor;
    } catch (error) {
      if (MantaError.from(error).code === "not_found") return undefined;
      throw error;
    }
  }

  async #createController(): Promise<ActorRecord> {
    const gcs = await this.gcs();
    this.#deps.log.info("starting Serve");
    try {
      const handle = await this.#deps.cluster.createActor(controllerSpec);
      return await handle.record();
    } catch (error) {
      if (MantaError.from(error).code !== "already_exists") throw error;
      // Two first deploys at once: the other one's controller counts.
      const { actor } = await gcs.getActor({ name: controllerName, namespace: serveNamespace });
      return actor;
    }
  }

  async #reach(actor: ActorRecord, timeoutMs: number): Promise<Client<ControllerService>> {
    const deadlineMs = this.#deps.clock.nowMs() + timeoutMs;
    for (;;) {
      const leftMs = Math.max(1, deadlineMs - this.#deps.clock.nowMs());
      const alive = await this.#deps.cluster.waitForActor(actor.actorId, ["ALIVE"], { timeoutMs: leftMs });
      try {
        return createClient(await this.#deps.cluster.link(alive), controllerService);
      } catch (error) {
        // Its process died and the control store does not know yet: ask again.
        if (!MantaError.from(error).retryable || this.#deps.clock.nowMs() >= deadlineMs) throw error;
      }
    }
  }
}

/** The controller as an actor: kept for ever, on the head, no CPU of its own. */
const controllerSpec: ActorSpecInput = {
  className: controllerClassName,
  name: controllerName,
  namespace: serveNamespace,
  jobId: serveJobId,
  maxRestarts: -1,
  keep: true,
  placement: { onHead: true },
  entry: { module: "serve-controller", args: {} },
  watchdogTimeoutMs: 10_000,
};
