import type { Clock, Timer } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { nodeLimits } from "../limits.ts";
import { bindListeningHandle, type ListeningHandle } from "../supervise/listening-handle.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** One address that workers listen on. */
interface Kept {
  readonly address: string;
  readonly handle: ListeningHandle;
  readonly holders: Set<WorkerProcess>;
  /** Runs while nobody listens. */
  expiry: Timer | undefined;
}

/**
 * The listening sockets of this node's proxies. The agent binds each once and gives copies to the processes that
 * serve it, one after the other or two at a time: while none is there, connections wait in the kernel instead of
 * being refused. A socket without a process is kept for a bound only, for who waits on it hears nothing.
 */
export class KeptSockets {
  readonly #kept = new Map<string, Kept>();
  readonly #clock: Clock;
  readonly #log: Log;
  #closed = false;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Sends the worker a copy. `already_exists`: the address is in use; `draining`: the node stops. */
  async give(worker: WorkerProcess, host: string, port: number): Promise<void> {
    if (this.#closed) throw new MantaError("draining", "the node is stopping");
    const address = `${host}:${port}`;
    const kept = this.#kept.get(address) ?? this.#bind(address, host, port);
    kept.expiry?.cancel();
    kept.expiry = undefined;
    kept.holders.add(worker);
    worker.child.onExit(() => this.#left(kept, worker, nodeLimits.keptSocketMs));
    await worker.child.sendSocket(kept.handle);
  }

  /** The worker will not listen again, and nobody is to take its place. */
  release(worker: WorkerProcess): void {
    for (const kept of this.#kept.values()) this.#left(kept, worker, 0);
  }

  /** The node stops: from now on a socket ends with its last process. */
  drain(): void {
    this.#closed = true;
    for (const kept of this.#kept.values()) if (kept.holders.size === 0) this.#close(kept);
  }

  #bind(address: string, host: string, port: number): Kept {
    // One that waits for a process may be what is in the way: 0.0.0.0 and 127.0.0.1 are not the same.
    for (const kept of this.#kept.values()) if (kept.holders.size === 0) this.#close(kept);
    const kept = { address, handle: bindListeningHandle(host, port), holders: new Set<WorkerProcess>() };
    const made: Kept = { ...kept, expiry: undefined };
    this.#kept.set(address, made);
    return made;
  }

  #left(kept: Kept, worker: WorkerProcess, keepMs: number): void {
    if (!kept.holders.delete(worker) || kept.holders.size > 0) return;
    if (keepMs === 0 || this.#closed) {
      this.#close(kept);
      return;
    }
    kept.expiry = this.#clock.after(keepMs, () => {
      this.#log.warn({ address: kept.address }, "no process listens there any more: closing the socket");
      this.#close(kept);
    });
  }

  #close(kept: Kept): void {
    kept.expiry?.cancel();
    if (this.#kept.get(kept.address) === kept) this.#kept.delete(kept.address);
    kept.handle.close();
  }
}
