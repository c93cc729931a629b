import { Backoff } from "../../base/backoff.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { WorkerId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { nodeLimits } from "../limits.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** What a pool needs. */
export interface WorkerPoolDeps {
  /** Starts a process; throws `unavailable` when it cannot. */
  readonly spawn: () => WorkerProcess;
  readonly idleWorkers: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * The node's worker processes: a few idle ones started ahead of need, and those that actors took. A
 * taken one is made up for one at a time and only after a quiet moment, so that a burst of actors, which
 * starts exactly the processes it needs, has the CPU.
 */
export class WorkerPool {
  readonly #deps: WorkerPoolDeps;
  readonly #all = new Map<WorkerId, WorkerProcess>();
  /** Not taken, oldest first, registered or on the way. */
  readonly #idle = new Set<WorkerProcess>();
  readonly #backoff: Backoff;
  #refill: Timer | undefined;
  #closed = false;

  constructor(deps: WorkerPoolDeps) {
    this.#deps = deps;
    this.#backoff = new Backoff(
      { initialMs: nodeLimits.crashBackoffInitialMs, maxMs: nodeLimits.crashBackoffMaxMs, factor: 2 },
      deps.random,
    );
  }

  /** Starts the first idle worker; the others follow one by one. */
  start(): void {
    this.#refillNow();
  }

  find(workerId: WorkerId): WorkerProcess | undefined {
    return this.#all.get(workerId);
  }

  /** Every process, taken or idle. */
  get workers(): readonly WorkerProcess[] {
    return [...this.#all.values()];
  }

  /** Processes that no actor has taken. */
  get idle(): readonly WorkerProcess[] {
    return [...this.#idle];
  }

  /** A worker for an actor: a registered idle one, else one on the way, else a new one. */
  take(): WorkerProcess {
    const worker = this.idle.find((idle) => idle.client !== undefined) ?? this.idle[0] ?? this.#spawn();
    this.#idle.delete(worker);
    worker.take();
    this.#refillAfter(nodeLimits.poolRefillDelayMs);
    return worker;
  }

  /** No more refills. */
  close(): void {
    this.#closed = true;
    this.#refill?.cancel();
  }

  /** Each call puts the refill off again: it waits for quiet. */
  #refillAfter(delayMs: number): void {
    this.#refill?.cancel();
    if (this.#closed) return;
    this.#refill = this.#deps.clock.after(delayMs, () => this.#refillNow());
  }

  #refillNow(): void {
    if (this.#closed || this.#idle.size >= this.#deps.idleWorkers) return;
    const starting = this.workers.find((worker) => worker.client === undefined && !worker.ended);
    // Its registration comes back here.
    if (starting !== undefined) return;
    try {
      this.#idle.add(this.#spawn());
    } catch (error) {
      this.#deps.log.warn({ err: error }, "cannot start an idle worker");
      this.#refillAfter(this.#backoff.nextMs());
    }
  }

  #spawn(): WorkerProcess {
    const worker = this.#deps.spawn();
    this.#all.set(worker.workerId, worker);
    void this.#refillOnceStarted(worker);
    worker.child.onExit(() => {
      this.#all.delete(worker.workerId);
      if (this.#idle.delete(worker)) this.#refillAfter(this.#backoff.nextMs());
    });
    return worker;
  }

  async #refillOnceStarted(worker: WorkerProcess): Promise<void> {
    try {
      await worker.registered;
      this.#backoff.reset();
      this.#refillAfter(0);
    } catch {
      // Its exit is logged where it is seen. Programs that cannot start must not be started in a tight loop.
      this.#refillAfter(this.#backoff.nextMs());
    }
  }
}
