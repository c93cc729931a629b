import { Backoff } from "../../base/backoff.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { nodeLimits } from "../limits.ts";
import { climbLadder } from "../terminate/ladder.ts";
import type { Child, ChildExit } from "./child-process.ts";

/** What a supervisor needs. */
export interface SupervisorDeps {
  readonly name: string;
  readonly spawn: () => Child;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

type State =
  | { readonly kind: "idle" }
  | { readonly kind: "running"; readonly child: Child }
  | { readonly kind: "waiting"; readonly timer: Timer }
  | { readonly kind: "stopped" };

/**
 * Keeps one program running: restarts it in the tick of its exit. When it exits more than
 * `crashIntensity` times within `crashPeriodMs`, restarts are delayed more and more; it never gives up.
 */
export class Supervisor {
  #state: State = { kind: "idle" };
  #exitsMs: number[] = [];
  readonly #deps: SupervisorDeps;
  readonly #backoff: Backoff;

  constructor(deps: SupervisorDeps) {
    this.#deps = deps;
    this.#backoff = new Backoff(
      { initialMs: nodeLimits.crashBackoffInitialMs, maxMs: nodeLimits.crashBackoffMaxMs, factor: 2 },
      deps.random,
    );
  }

  /** The process, unless it is between two lives. */
  get child(): Child | undefined {
    return this.#state.kind === "running" ? this.#state.child : undefined;
  }

  start(): void {
    if (this.#state.kind === "idle") this.#run();
  }

  /** Ends the program for good: SIGTERM, after `graceMs` SIGKILL. */
  async stop(graceMs: number, reason: string, hurry?: AbortSignal): Promise<void> {
    const state = this.#state;
    this.#state = { kind: "stopped" };
    if (state.kind === "waiting") state.timer.cancel();
    if (state.kind !== "running") return;
    await climbLadder(state.child, {
      clock: this.#deps.clock,
      graceMs,
      reason,
      slackMs: nodeLimits.ladderSlackMs,
      termMs: 0,
      killMs: nodeLimits.ladderKillMs,
      ...(hurry === undefined ? {} : { hurry }),
    });
  }

  #run(): void {
    let child: Child;
    try {
      child = this.#deps.spawn();
    } catch (error) {
      this.#deps.log.error({ err: error, program: this.#deps.name }, "cannot start a program: trying again");
      this.#retryLater();
      return;
    }
    this.#state = { kind: "running", child };
    child.onExit((exit) => this.#onExit(child, exit));
  }

  #onExit(child: Child, exit: ChildExit): void {
    child.killGroup();
    if (this.#state.kind === "stopped") return;
    const { clock, log, name } = this.#deps;
    const nowMs = clock.nowMs();
    this.#exitsMs = this.#exitsMs.filter((atMs) => nowMs - atMs < nodeLimits.crashPeriodMs);
    // A quiet period since the last exit: whatever looped has been mended.
    if (this.#exitsMs.length === 0) this.#backoff.reset();
    this.#exitsMs.push(nowMs);
    const loops = this.#exitsMs.length > nodeLimits.crashIntensity;
    log.warn({ program: name, pid: child.pid, ...exit, loops }, "a program ended: starting it again");
    if (loops) this.#retryLater();
    else this.#run();
  }

  #retryLater(): void {
    const timer = this.#deps.clock.after(this.#backoff.nextMs(), () => this.#run());
    this.#state = { kind: "waiting", timer };
  }
}
