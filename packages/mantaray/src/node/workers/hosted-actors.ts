import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { ActorId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import { waitFor, withTimeout } from "../../base/wait.ts";
import type { ActorRecord, DeathCause, LinkAddresses } from "../../protocol/actor.ts";
import type { ActorEvent, InventoryItem } from "../../protocol/node.ts";
import { nodeLimits } from "../limits.ts";
import type { ChildExit } from "../supervise/child-process.ts";
import { type Ending, exitCause, kernelKills } from "./exit-cause.ts";
import type { WorkerPool } from "./worker-pool.ts";
import type { WorkerProcess, WorkerStop } from "./worker-process.ts";

/** An actor of this node, from the order to start it until its process has ended. */
export interface HostedActor {
  readonly record: ActorRecord;
  readonly worker: WorkerProcess;
  readonly state: "STARTING" | "ALIVE";
  readonly addresses: LinkAddresses | null;
}

/** What the table needs. */
export interface HostedActorsDeps {
  readonly pool: WorkerPool;
  readonly clock: Clock;
  readonly log: Log;
  /** Called in the tick of an exit, before anything else learns of it. */
  readonly onDown: (actorIds: readonly ActorId[]) => void;
  /** For the control store; `restarts` says which life of the actor. */
  readonly report: (event: ActorEvent, restarts: number) => void;
  /** Whether an exit of this actor still waits to be reported. */
  readonly exitPending: (actorId: ActorId, restarts: number) => boolean;
  /** Called after the report of an end that nobody had asked for; the record has the addresses of that life. */
  readonly onLost: (record: ActorRecord) => void;
}

interface Hosted extends HostedActor {
  state: "STARTING" | "ALIVE";
  addresses: LinkAddresses | null;
  /** Set by whoever of us ends it; the first reason counts. */
  ending: Ending | undefined;
}

/** The actors of this node. The agent is their owner: only it says which of them live. */
export class HostedActors {
  readonly #deps: HostedActorsDeps;
  readonly #actors = new Map<ActorId, Hosted>();
  #kernelKills = kernelKills();
  #draining = false;

  constructor(deps: HostedActorsDeps) {
    this.#deps = deps;
  }

  get all(): readonly HostedActor[] {
    return [...this.#actors.values()];
  }

  /** What a registration carries. */
  get inventory(): InventoryItem[] {
    return this.all.map(({ record, worker, state, addresses }) => ({
      actorId: record.actorId,
      workerId: worker.workerId,
      pid: worker.child.pid,
      state,
      addresses,
      restarts: record.restarts,
      spec: record.spec,
      startMs: record.startMs,
    }));
  }

  /** Takes no more actors: `start` throws `draining`. */
  drain(): void {
    this.#draining = true;
  }

  /** Starts an actor and returns at once. The same order again does nothing. Throws `draining` or `unavailable`. */
  start(record: ActorRecord): void {
    if (this.#draining) throw new MantaError("draining", "the node is stopping and takes no more actors");
    const present = this.#actors.get(record.actorId);
    if (present !== undefined && present.record.restarts >= record.restarts) return;
    if (this.#deps.exitPending(record.actorId, record.restarts)) return;
    if (present !== undefined) {
      // The control store has given up this life of the actor, as after a cut: requests it still answers may finish.
      this.#actors.delete(record.actorId);
      const reason = "replaced by a newer life of the actor";
      this.#end(present, { kind: "KILLED", message: reason });
      void (present.record.spec.keep
        ? present.worker.kill()
        : present.worker.stop({ graceMs: nodeLimits.unwantedGraceMs, reason }));
    }
    const worker = this.#deps.pool.take();
    const hosted: Hosted = { record, worker, state: "STARTING", addresses: null, ending: undefined };
    this.#actors.set(record.actorId, hosted);
    worker.child.onExit((exit) => this.#onExit(hosted, exit));
    void this.#host(hosted);
  }

  /** Ends an actor by the ladder; unknown ones have ended already. Resolves when its process has ended. */
  async stop(actorId: ActorId, stop: WorkerStop): Promise<void> {
    const hosted = this.#actors.get(actorId);
    if (hosted === undefined) return;
    this.#end(hosted, { kind: "KILLED", message: stop.reason });
    await hosted.worker.stop(stop);
  }

  /**
   * Ends an actor that was replaced elsewhere while this node was away: requests it still answers may finish. One that
   * exists once in a cluster (`keep`) ends at once: its successor acts already.
   */
  async leave(actorId: ActorId, reason: string): Promise<void> {
    const hosted = this.#actors.get(actorId);
    if (hosted?.record.spec.keep === true) await this.kill(actorId, "KILLED", reason);
    else await this.stop(actorId, { graceMs: nodeLimits.unwantedGraceMs, reason });
  }

  /** Ends an actor by SIGKILL, its descendants too. Resolves when its process has ended. */
  async kill(actorId: ActorId, kind: "KILLED" | "UNRESPONSIVE", message: string): Promise<void> {
    const hosted = this.#actors.get(actorId);
    if (hosted === undefined) return;
    this.#end(hosted, { kind, message });
    await hosted.worker.kill();
  }

  /**
   * This process leaves by itself and serves on until another has taken its actor over. For everybody else the
   * actor's life in it is over now, so that the restart begins. Resolves when the next process is ready.
   * `draining`: none will come; `not_found`: the process hosts nothing.
   */
  async handOver(worker: WorkerProcess): Promise<void> {
    const hosted = this.all.find((actor) => actor.worker === worker);
    if (hosted === undefined) throw new MantaError("not_found", "this worker hosts no actor");
    const { actorId, restarts, spec } = hosted.record;
    if (this.#draining || (spec.maxRestarts !== -1 && restarts >= spec.maxRestarts)) {
      throw new MantaError("draining", "this actor does not restart here");
    }
    const { clock, log, report, onLost } = this.#deps;
    this.#actors.delete(actorId);
    log.info({ actorId, className: spec.className, workerPid: worker.child.pid }, "an actor's process hands over");
    const cause: DeathCause = { kind: "EXITED", message: "its process hands over to another one" };
    report({ kind: "exited", actorId, workerId: worker.workerId, cause, repaired: false }, restarts);
    onLost(hosted.record);
    const bound = clock.after(nodeLimits.handedOverMsMax, () => void worker.kill());
    worker.child.onExit(() => bound.cancel());
    const timeoutMs = nodeLimits.handOverTimeoutMs;
    const ready = (): boolean => this.#actors.get(actorId)?.state === "ALIVE";
    await waitFor(() => this.#draining || ready(), { clock, timeoutMs, what: "the next process" });
    if (!ready()) throw new MantaError("draining", "the node is stopping");
  }

  async #host(hosted: Hosted): Promise<void> {
    const { record, worker } = hosted;
    try {
      const client = await worker.registered;
      const { addresses } = await client.hostActor({ actor: record }, { timeoutMs: nodeLimits.hostActorTimeoutMs });
      if (worker.ended) return;
      hosted.state = "ALIVE";
      hosted.addresses = addresses;
      const { actorId, restarts } = record;
      this.#deps.report(
        { kind: "ready", actorId, workerId: worker.workerId, pid: worker.child.pid, addresses },
        restarts,
      );
    } catch (error) {
      if (!isVerdict(error)) await this.#waitForExit(worker);
      if (worker.ended) return;
      const message = describe(error);
      this.#deps.log.warn(
        { actorId: record.actorId, className: record.spec.className, message },
        "an actor could not be made",
      );
      this.#end(hosted, { kind: "CREATION_FAILED", message });
      await worker.stop({ graceMs: 0, reason: message });
    }
  }

  /** The link broke: mostly the first sign of an exit, which has its own report. */
  async #waitForExit(worker: WorkerProcess): Promise<void> {
    const boundMs = nodeLimits.lostLinkGraceMs + nodeLimits.ladderKillMs;
    await withTimeout(worker.child.exited, boundMs, "the exit of a worker", this.#deps.clock).catch(() => undefined);
  }

  #end(hosted: Hosted, ending: Ending): void {
    hosted.ending ??= ending;
  }

  #onExit(hosted: Hosted, exit: ChildExit): void {
    const { record, worker } = hosted;
    const isCurrent = this.#actors.get(record.actorId) === hosted;
    if (isCurrent) {
      this.#actors.delete(record.actorId);
      this.#deps.onDown([record.actorId]);
    }
    const kills = kernelKills();
    const evidence = { errPath: worker.child.errPath, kernelKilled: kills > this.#kernelKills };
    this.#kernelKills = kills;
    const cause = exitCause(exit, hosted.ending, evidence);
    const { className } = record.spec;
    this.#deps.log.info({ actorId: record.actorId, className, workerPid: worker.child.pid, cause }, "an actor ended");
    // A replaced life is known to be over: its report would only confuse it with the new one.
    if (!isCurrent) return;
    const event = {
      kind: "exited",
      actorId: record.actorId,
      workerId: worker.workerId,
      cause,
      repaired: false,
    } as const;
    this.#deps.report(event, record.restarts);
    if (cause.kind !== "KILLED") this.#deps.onLost({ ...record, addresses: hosted.addresses ?? record.addresses });
  }
}

/** Whether the worker itself says that the actor cannot be made. */
const isVerdict = (error: unknown): boolean => MantaError.from(error).details.creation === true;

/** With the stack of the author's own error, so that the line is found. */
const describe = (thrown: unknown): string => {
  const error = MantaError.from(thrown);
  const stack = error.remote?.stack;
  return stack === undefined
    ? error.rawMessage
    : stack.includes(error.rawMessage)
      ? stack
      : `${error.rawMessage}\n${stack}`;
};
