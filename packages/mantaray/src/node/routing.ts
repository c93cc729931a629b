import { readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import type { ActorId } from "../base/ids.ts";
import type { Log } from "../base/log.ts";
import { type RoutingSnapshot, routingSnapshotSchema } from "../protocol/routing.ts";
import type { RoutingEvent } from "../protocol/worker.ts";

/**
 * The node's routing snapshot: the newest is kept in memory and on disk and handed to every watcher.
 * Versions only rise, so a control plane that comes back with older knowledge changes nothing.
 */
export class NodeRouting {
  readonly #file: string;
  readonly #log: Log;
  readonly #watchers = new Set<Watcher>();
  #snapshot: RoutingSnapshot | undefined;
  #writing: Promise<void> | undefined;

  constructor(file: string, log: Log) {
    this.#file = file;
    this.#log = log;
    this.#snapshot = readSnapshot(file, log);
  }

  get snapshot(): RoutingSnapshot | undefined {
    return this.#snapshot;
  }

  /** 0 for none. */
  get version(): number {
    return this.#snapshot?.version ?? 0;
  }

  /** Takes a snapshot over; false when it is not newer than ours. */
  offer(snapshot: RoutingSnapshot): boolean {
    if (snapshot.version <= this.version) return false;
    this.#snapshot = snapshot;
    for (const watcher of this.#watchers) watcher.snapshot(snapshot);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    return true;
  }

  /** Tells every watcher at once that these actors are dead. */
  down(actorIds: readonly ActorId[]): void {
    for (const watcher of this.#watchers) watcher.down(actorIds);
  }

  /** The present snapshot, then what changes, until the signal fires. */
  async *watch(signal: AbortSignal): AsyncGenerator<RoutingEvent, void, undefined> {
    const watcher = new Watcher();
    if (this.#snapshot !== undefined) watcher.snapshot(this.#snapshot);
    const onAbort = (): void => watcher.close();
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) watcher.close();
    this.#watchers.add(watcher);
    try {
      for (;;) {
        const event = watcher.next();
        if (event !== undefined) yield event;
        else if (watcher.closed) return;
        else await watcher.changed();
      }
    } finally {
      this.#watchers.delete(watcher);
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Settles when the newest snapshot is on disk. */
  async flushed(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    for (let written = 0; written < this.version; ) {
      const snapshot = this.#snapshot;
      if (snapshot === undefined) return;
      try {
        await writeFile(`${this.#file}.tmp`, JSON.stringify(snapshot), { mode: 0o600 });
        await rename(`${this.#file}.tmp`, this.#file);
      } catch (error) {
        // Memory still has it: a full disk must not stop the traffic.
        this.#log.error({ err: error, file: this.#file }, "cannot write the routing snapshot");
      }
      written = snapshot.version;
    }
  }
}

/** One reader's backlog: bounded by nature, of snapshots only the newest is of use. */
class Watcher {
  closed = false;
  #snapshot: RoutingSnapshot | undefined;
  readonly #down = new Set<ActorId>();
  #wake: (() => void) | undefined;

  snapshot(snapshot: RoutingSnapshot): void {
    this.#snapshot = snapshot;
    this.#wake?.();
  }

  down(actorIds: readonly ActorId[]): void {
    for (const actorId of actorIds) this.#down.add(actorId);
    this.#wake?.();
  }

  close(): void {
    this.closed = true;
    this.#wake?.();
  }

  /**
   * A snapshot goes before deaths: it may be older than they are and still name the dead, whereas an
   * actor never lives again at the address under which it died.
   */
  next(): RoutingEvent | undefined {
    const snapshot = this.#snapshot;
    if (snapshot !== undefined) {
      this.#snapshot = undefined;
      return { kind: "snapshot", snapshot };
    }
    if (this.#down.size === 0) return undefined;
    const actorIds = [...this.#down];
    this.#down.clear();
    return { kind: "down", actorIds };
  }

  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}

const readSnapshot = (file: string, log: Log): RoutingSnapshot | undefined => {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT")
      log.warn({ err: error, file }, "cannot read the routing snapshot");
    return undefined;
  }
  try {
    return routingSnapshotSchema.parse(JSON.parse(text));
  } catch (error) {
    log.warn({ err: error, file }, "the routing snapshot on disk is damaged: going on without");
    return undefined;
  }
};
