import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { ActorId, WorkerId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import type { ActorRecord } from "../../protocol/actor.ts";
import { controllerName } from "../../protocol/controller.ts";
import { controllerLimits } from "./limits.ts";
import type { ControllerGcs, ControllerPorts } from "./ports.ts";

/** One process of an actor. */
export interface ActorProcess {
  readonly actorId: ActorId;
  /** How often the actor had been restarted when this process of it was started. */
  readonly restarts: number;
  readonly workerId: WorkerId;
}

/** What the fence is made of. */
export interface FenceDeps {
  readonly gcs: ControllerGcs;
  /** This controller. */
  readonly self: ActorProcess;
  readonly clock: Clock;
  readonly log: Log;
  /** Called once: this controller has a successor and must end at once. */
  readonly onFenced: (error: MantaError) => void;
}

/**
 * Keeps a controller that was replaced (it slept through a failover) from doing harm.
 *
 * F1  `stale_epoch` from the control store is its end, and so is the news that its own actor is dead, or that
 *     another process of it has taken its place.
 * F2  A command that goes to a process directly, past the control store, is sent only when the control store
 *     has said within the last second that this controller lives.
 */
export class Fence {
  readonly #deps: FenceDeps;
  #fenced: MantaError | undefined;
  #confirmedAtMs = Number.NEGATIVE_INFINITY;

  constructor(deps: FenceDeps) {
    this.#deps = deps;
  }

  get fenced(): boolean {
    return this.#fenced !== undefined;
  }

  /** What the control store says of any actor. */
  observe(actor: ActorRecord): void {
    const why = actor.actorId === this.#deps.self.actorId ? this.#replacedBy(actor) : undefined;
    if (why !== undefined) this.#trip(why);
  }

  /** Resolves when this controller may command; `stale_epoch` when it is over, `unavailable` while nobody can say. */
  async confirm(): Promise<void> {
    const { gcs, self, clock } = this.#deps;
    if (this.#fenced !== undefined) throw this.#fenced;
    const askedAtMs = clock.nowMs();
    if (askedAtMs - this.#confirmedAtMs < controllerLimits.standingMs) return;
    const { actors } = await this.#guard(
      gcs.listActors({ actorIds: [self.actorId] }, { timeoutMs: controllerLimits.callTimeoutMs }),
    );
    const own = actors.find((actor) => actor.actorId === self.actorId);
    // A control store that has lost its data hears of this actor when its node registers.
    if (own === undefined) throw new MantaError("unavailable", `the control store does not know ${controllerName} yet`);
    this.observe(own);
    if (this.#fenced !== undefined) throw this.#fenced;
    this.#confirmedAtMs = askedAtMs;
  }

  /** The same ports with both rules in force. */
  guard(ports: ControllerPorts): ControllerPorts {
    const { replicas, proxies, gcs } = ports;
    const commanded = async <T>(command: () => Promise<T>): Promise<T> => {
      await this.confirm();
      return command();
    };
    return {
      ...ports,
      gcs: this.#guardGcs(gcs),
      replicas: {
        checkHealth: (actor, timeoutMs) => replicas.checkHealth(actor, timeoutMs),
        userConfig: (actor, timeoutMs) => replicas.userConfig(actor, timeoutMs),
        reconfigure: (actor, change, timeoutMs) => commanded(() => replicas.reconfigure(actor, change, timeoutMs)),
      },
      proxies: {
        checkHealth: (actor, timeoutMs) => proxies.checkHealth(actor, timeoutMs),
        setDraining: (actor, draining, timeoutMs) => commanded(() => proxies.setDraining(actor, draining, timeoutMs)),
      },
    };
  }

  #replacedBy({ state, restarts, workerId }: ActorRecord): string | undefined {
    const { self } = this.#deps;
    if (state === "DEAD") return "its actor is dead for the control store";
    if (restarts > self.restarts) return "its actor was restarted since";
    // Until a process is ready the record has the worker of the one before.
    const isOther = state === "ALIVE" && restarts === self.restarts && workerId !== null && workerId !== self.workerId;
    return isOther ? "another process of its actor lives" : undefined;
  }

  #guardGcs(gcs: ControllerGcs): ControllerGcs {
    return {
      createActor: (...call) => this.#guard(gcs.createActor(...call)),
      killActor: (...call) => this.#guard(gcs.killActor(...call)),
      removeActor: (...call) => this.#guard(gcs.removeActor(...call)),
      getActor: (...call) => this.#guard(gcs.getActor(...call)),
      listActors: (...call) => this.#guard(gcs.listActors(...call)),
      kvPut: (...call) => this.#guard(gcs.kvPut(...call)),
      kvGet: (...call) => this.#guard(gcs.kvGet(...call)),
      kvDelete: (...call) => this.#guard(gcs.kvDelete(...call)),
      kvKeys: (...call) => this.#guard(gcs.kvKeys(...call)),
      putRouting: (...call) => this.#guard(gcs.putRouting(...call)),
      getRouting: (...call) => this.#guard(gcs.getRouting(...call)),
      reportEvent: (...call) => this.#guard(gcs.reportEvent(...call)),
      ping: (...call) => this.#guard(gcs.ping(...call)),
      subscribe: (...call) => gcs.subscribe(...call),
    };
  }

  async #guard<T>(call: Promise<T>): Promise<T> {
    if (this.#fenced !== undefined) {
      call.catch(() => undefined);
      throw this.#fenced;
    }
    try {
      return await call;
    } catch (error) {
      const reason = MantaError.from(error);
      // With a version it is about one snapshot, which another may follow.
      if (reason.code === "stale_epoch" && reason.details.version === undefined) this.#trip(reason.rawMessage);
      throw error;
    }
  }

  #trip(why: string): void {
    if (this.#fenced !== undefined) return;
    const error = new MantaError("stale_epoch", `this controller was replaced: ${why}`);
    this.#fenced = error;
    this.#deps.log.warn({ why }, "this controller was replaced: it ends and commands nothing more");
    this.#deps.onFenced(error);
  }
}
