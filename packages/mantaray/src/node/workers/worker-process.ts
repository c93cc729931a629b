import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { WorkerId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import { type WorkerService, workerService } from "../../protocol/worker.ts";
import { type Client, createClient } from "../../rpc/index.ts";
import type { Link } from "../../rpc/types.ts";
import { nodeLimits } from "../limits.ts";
import { setNiceness } from "../processes/niceness.ts";
import type { Child, ChildExit } from "../supervise/child-process.ts";
import { climbLadder, killNow, type LadderTarget } from "../terminate/ladder.ts";

/** What a worker process needs around it. */
export interface WorkerProcessDeps {
  readonly workerId: WorkerId;
  readonly child: Child;
  readonly clock: Clock;
  readonly log: Log;
  /** Niceness while no actor has taken it, and from then on; undefined: as it was started. */
  readonly niceness?: { readonly waiting: number; readonly taken: number };
}

/** How to end a worker. */
export interface WorkerStop {
  readonly graceMs: number;
  readonly reason: string;
  /** Aborted: no more patience. */
  readonly hurry?: AbortSignal;
}

/** One worker process: born unregistered, registered once its link is here, ended for good. */
export class WorkerProcess {
  readonly workerId: WorkerId;
  readonly child: Child;
  /** Its service, as soon as it has registered; rejects when it ends before. */
  readonly registered: Promise<Client<WorkerService>>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #niceness: WorkerProcessDeps["niceness"];
  readonly #registration = Promise.withResolvers<Client<WorkerService>>();
  #client: Client<WorkerService> | undefined;
  #ladder: Promise<unknown> | undefined;
  /** Joins the grace of a climb in progress with a later wish to hurry. */
  readonly #impatience = new AbortController();

  constructor(deps: WorkerProcessDeps) {
    this.workerId = deps.workerId;
    this.child = deps.child;
    this.#clock = deps.clock;
    this.#log = deps.log.child({ workerId: deps.workerId, workerPid: deps.child.pid });
    this.#niceness = deps.niceness;
    this.#nice(deps.niceness?.waiting);
    this.registered = this.#registration.promise;
    this.registered.catch(() => undefined);
    const timer = this.#clock.after(nodeLimits.workerRegisterTimeoutMs, () => this.#onRegisterTimeout());
    this.registered.then(
      () => timer.cancel(),
      () => timer.cancel(),
    );
    deps.child.onExit((exit) => this.#onExit(exit));
  }

  /** Its service while it is registered and alive. */
  get client(): Client<WorkerService> | undefined {
    return this.#client;
  }

  get ended(): boolean {
    return this.child.exit !== undefined;
  }

  /** An actor has it: from now on it goes before those that wait. */
  take(): void {
    this.#nice(this.#niceness?.taken);
  }

  /** Its link is here: the life line of both sides. */
  attach(link: Link): void {
    if (this.#client !== undefined)
      throw new MantaError("already_exists", `worker ${this.workerId} has registered already`);
    const client = createClient(link, workerService);
    this.#client = client;
    link.onClose((reason) => this.#onLinkLost(reason));
    this.#registration.resolve(client);
  }

  /** Climbs the ladder; a climb in progress is joined. Resolves when the process has ended or is stuck. */
  stop(stop: WorkerStop): Promise<unknown> {
    stop.hurry?.addEventListener("abort", () => this.#impatience.abort(), { once: true });
    if (stop.hurry?.aborted === true) this.#impatience.abort();
    this.#ladder ??= climbLadder(this.#target(), {
      clock: this.#clock,
      graceMs: stop.graceMs,
      reason: stop.reason,
      slackMs: nodeLimits.ladderSlackMs,
      termMs: nodeLimits.ladderTermMs,
      killMs: nodeLimits.ladderKillMs,
      hurry: this.#impatience.signal,
    });
    return this.#ladder;
  }

  /** SIGKILL to the whole group, now. */
  kill(): Promise<unknown> {
    this.#impatience.abort();
    return killNow(this.#target(), { clock: this.#clock, killMs: nodeLimits.ladderKillMs });
  }

  #nice(niceness: number | undefined): void {
    if (niceness === undefined || this.ended) return;
    try {
      setNiceness(this.child.pid, niceness);
    } catch (error) {
      this.#log.warn({ err: error, niceness }, "the kernel does not let us set a worker's niceness");
    }
  }

  #target(): LadderTarget {
    const client = this.#client;
    return {
      exited: this.child.exited,
      requestShutdown:
        client === undefined
          ? undefined
          : (graceMs, reason) => client.shutdown({ graceMs, reason }, { timeoutMs: graceMs + 1 }),
      signal: (signal) => this.child.signal(signal),
      killGroup: () => this.child.killGroup(),
    };
  }

  #onExit(exit: ChildExit): void {
    this.#client = undefined;
    // What it started must not outlive it.
    this.child.killGroup();
    this.#registration.reject(
      new MantaError(
        "unavailable",
        `worker ${this.child.pid} ended before it registered (${exit.signal ?? exit.exitCode})`,
      ),
    );
  }

  #onLinkLost(reason: string): void {
    if (this.ended || this.#ladder !== undefined) return;
    // Without its link a worker leaves by itself; its exit mostly follows in the same breath.
    const timer = this.#clock.after(nodeLimits.lostLinkGraceMs, () => {
      this.#log.warn({ reason }, "a worker lost its link and did not leave: killing it");
      void this.kill();
    });
    this.child.onExit(() => timer.cancel());
  }

  #onRegisterTimeout(): void {
    if (this.ended) return;
    this.#log.warn("a worker did not register in time: killing it");
    void this.kill();
  }
}
