import type { Clock } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { ActorRecord, LinkAddresses } from "../protocol/actor.ts";
import type { WorkerService } from "../protocol/worker.ts";
import type { Implementation } from "../rpc/index.ts";
import type { ActorHostDeps, RunningActor } from "./actor-host.ts";
import { workerLimits } from "./limits.ts";

/** How the process ends. */
export interface Departure {
  /** Ends the process in order. */
  exit(exitCode: number): void;
  /** Ends the process and everything it started: nobody else would. */
  exitWithGroup(): void;
}

/** What a worker needs. */
export interface WorkerDeps {
  readonly departure: Departure;
  readonly clock: Clock;
  readonly log: Log;
  /** Known after registration. */
  readonly host: () => Promise<Omit<ActorHostDeps, "onFail">>;
}

type State =
  | { readonly kind: "idle" }
  | { readonly kind: "starting"; readonly actor: ActorRecord }
  | { readonly kind: "running"; readonly actor: ActorRecord; readonly running: RunningActor }
  | { readonly kind: "leaving"; readonly done: Promise<void> };

/** One worker: idle, then one actor for all its life, then gone. */
export class Worker {
  #state: State = { kind: "idle" };
  readonly #deps: WorkerDeps;

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
  }

  get idle(): boolean {
    return this.#state.kind === "idle";
  }

  /** Grace of an end without orders: the actor's own. */
  get graceMs(): number {
    const state = this.#state;
    return state.kind === "running" || state.kind === "starting" ? state.actor.spec.stopGraceMs : 0;
  }

  /** Served to the agent. */
  readonly service: Implementation<WorkerService> = {
    hostActor: async ({ actor }) => ({ addresses: await this.#host(actor) }),
    shutdown: async ({ graceMs, reason }) => {
      void this.leave(graceMs, reason, 0, true);
      return {};
    },
    ping: async () => ({ rssBytes: process.memoryUsage.rss() }),
  };

  /**
   * Shuts the actor down within the grace and ends the process. `ordered`: the agent wants it. A second call waits
   * for the first.
   */
  leave(graceMs: number, reason: string, exitCode: number, ordered = false): Promise<void> {
    return this.#leave(graceMs, reason, ordered, () => this.#deps.departure.exit(exitCode));
  }

  /** The agent has died: as `leave`, and takes along what this process started. Bounded even while another end is under way. */
  leaveOrphaned(graceMs: number): Promise<void> {
    const { clock, departure } = this.#deps;
    clock.after(graceMs + workerLimits.shutdownSlackMs, () => departure.exitWithGroup());
    return this.#leave(graceMs, "the node agent has died", true, () => departure.exitWithGroup());
  }

  #leave(graceMs: number, reason: string, ordered: boolean, depart: () => void): Promise<void> {
    const state = this.#state;
    if (state.kind === "leaving") return state.done.then(depart);
    const done = state.kind === "running" ? this.#shutdown(state.running, graceMs, reason, ordered) : Promise.resolve();
    this.#state = { kind: "leaving", done };
    return done.then(depart);
  }

  async #shutdown(running: RunningActor, graceMs: number, reason: string, ordered: boolean): Promise<void> {
    this.#deps.log.info({ graceMs, reason }, "the actor shuts down");
    await running
      .shutdown(graceMs, reason, ordered)
      .catch((error: unknown) => this.#deps.log.warn({ err: error }, "the actor did not shut down in order"));
  }

  async #host(actor: ActorRecord): Promise<LinkAddresses> {
    if (this.#state.kind !== "idle") {
      throw new MantaError("already_exists", `this worker is ${this.#state.kind} and takes no actor`);
    }
    this.#state = { kind: "starting", actor };
    try {
      const { runActor } = await import("./actor-host.ts");
      const running = await runActor(actor, { ...(await this.#deps.host()), onFail: (error) => this.#fail(error) });
      // Told to leave while the constructor ran: TypeScript cannot see that the state moved meanwhile.
      if ((this.#state as State).kind === "leaving") await running.shutdown(0, "stopped while it started", true);
      else this.#state = { kind: "running", actor, running };
      return running.addresses;
    } catch (thrown) {
      const error = MantaError.from(thrown, "user_error");
      // The mark tells the agent that this is a verdict over the actor, not a hiccup of the call.
      throw new MantaError(error.code, error.rawMessage, {
        cause: error,
        details: { ...error.details, creation: true },
        remote: error.remote ?? { name: error.name, ...(error.stack === undefined ? {} : { stack: error.stack }) },
      });
    }
  }

  #fail(error: unknown): void {
    this.#deps.log.error({ err: error }, "the actor cannot go on");
    void this.leave(this.graceMs, "the actor failed", 1);
  }
}
