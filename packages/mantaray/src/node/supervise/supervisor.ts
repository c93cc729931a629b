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
  /**
   * A process that has loaded its program and begins when it is told a line (`Child.tell`). With it the
   * supervisor keeps one in reserve: on a busy machine most of a restart is the loading.
   */
  readonly spawnSpare?: () => Child;
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
 * Where it may have a spare, that one takes over, and the next is started once the new one has spoken.
 */
export class Supervisor {
  #state: State = { kind: "idle" };
  #exitsMs: number[] = [];
  #spare: Child | undefined;
  #spareTimer: Timer | undefined;
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
    this.#spareTimer?.cancel();
    this.#spare?.killGroup();
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
      child = this.#takeSpare() ?? this.#deps.spawn();
    } catch (error) {
      this.#deps.log.error({ err: error, program: this.#deps.name }, "cannot start a program: trying again");
      this.#retryLater();
      return;
    }
    this.#state = { kind: "running", child };
    child.onExit((exit) => this.#onExit(child, exit));
    this.#prepareSpare();
  }

  /** The spare, told to begin; undefined where there is none that lives. */
  #takeSpare(): Child | undefined {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare === undefined || spare.exit !== undefined) return undefined;
    spare.tell("begin");
    return spare;
  }

  /** Later than the program itself, which has the processor first; one that ends before its time is replaced. */
  #prepareSpare(): void {
    const { spawnSpare, clock, log, name } = this.#deps;
    if (spawnSpare === undefined || this.#state.kind === "stopped") return;
    this.#spareTimer?.cancel();
    this.#spareTimer = clock.after(nodeLimits.spareDelayMs, () => {
      if (this.#spare?.exit === undefined && this.#spare !== undefined) return;
      if (this.child?.hasSpoken !== true) return this.#prepareSpare();
      try {
        const spare = spawnSpare();
        this.#spare = spare;
        spare.onExit(() => {
          if (this.#spare === spare) this.#prepareSpare();
        });
      } catch (error) {
        log.warn({ err: error, program: name }, "cannot start a spare: trying again");
        this.#prepareSpare();
      }
    });
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
