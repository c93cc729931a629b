import { readFileSync, rmSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import type { ActorId } from "../base/ids.ts";
import type { Log } from "../base/log.ts";
import { type RoutingSnapshot, routingSnapshotSchema } from "../protocol/routing.ts";
import type { RoutingEvent } from "../protocol/worker.ts";

/** Where a node keeps its routing. */
export interface NodeRoutingFiles {
  /** The node's own. */
  readonly file: string;
  /** A copy that outlives the node's id: an agent that is started again at this place begins with it. */
  readonly formerFile?: string;
}

/** A copy for the next agent: with the cluster it belongs to. */
const formerSchema = z.object({ sessionName: z.string(), snapshot: routingSnapshotSchema });

/**
 * The node's routing snapshot: the newest is kept in memory and on disk and handed to every watcher.
 * Versions only rise, so a control plane that comes back with older knowledge changes nothing. One that a former
 * agent of this place left behind serves until anybody knows better, whatever its version.
 */
export class NodeRouting {
  readonly #files: NodeRoutingFiles;
  readonly #log: Log;
  readonly #watchers = new Set<Watcher>();
  #snapshot: RoutingSnapshot | undefined;
  /** Of the former agent, and of which cluster: nobody has confirmed it yet. */
  #formerSession: string | undefined;
  #sessionName = "";
  #writing: Promise<void> | undefined;

  constructor(files: NodeRoutingFiles, log: Log) {
    this.#files = files;
    this.#log = log;
    this.#snapshot = readJson(files.file, routingSnapshotSchema, log);
    if (this.#snapshot !== undefined || files.formerFile === undefined) return;
    const former = readJson(files.formerFile, formerSchema, log);
    if (former === undefined) return;
    this.#snapshot = former.snapshot;
    this.#formerSession = former.sessionName;
  }

  get snapshot(): RoutingSnapshot | undefined {
    return this.#snapshot;
  }

  /** The snapshot, unless it is a former agent's. */
  get confirmed(): RoutingSnapshot | undefined {
    return this.#formerSession === undefined ? this.#snapshot : undefined;
  }

  /** 0 for none. */
  get version(): number {
    return this.confirmed?.version ?? 0;
  }

  /** Takes a snapshot over; false when it is not newer than ours. */
  offer(snapshot: RoutingSnapshot): boolean {
    if (snapshot.version <= this.version) return false;
    this.#snapshot = snapshot;
    this.#formerSession = undefined;
    for (const watcher of this.#watchers) watcher.snapshot(snapshot);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    return true;
  }

  /** The node belongs to that cluster: what a former agent left of another one is of no use. */
  registered(sessionName: string): void {
    this.#sessionName = sessionName;
    if (this.#formerSession === undefined || this.#formerSession === sessionName) return;
    this.#formerSession = undefined;
    this.#snapshot = undefined;
  }

  /** The node leaves in order: whoever comes next begins anew. */
  forget(): void {
    if (this.#files.formerFile !== undefined) rmSync(this.#files.formerFile, { force: true });
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
      await this.#writeFile(this.#files.file, snapshot);
      const { formerFile } = this.#files;
      if (formerFile !== undefined) await this.#writeFile(formerFile, { sessionName: this.#sessionName, snapshot });
      written = snapshot.version;
    }
  }

  async #writeFile(file: string, content: unknown): Promise<void> {
    try {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await writeFile(`${file}.tmp`, JSON.stringify(content), { mode: 0o600 });
      await rename(`${file}.tmp`, file);
    } catch (error) {
      // Memory still has it: a full disk must not stop the traffic.
      this.#log.error({ err: error, file }, "cannot write the routing snapshot");
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

const readJson = <T>(file: string, schema: z.ZodType<T>, log: Log): T | undefined => {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT")
      log.warn({ err: error, file }, "cannot read the routing snapshot");
    return undefined;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    log.warn({ err: error, file }, "the routing snapshot on disk is damaged: going on without");
    return undefined;
  }
};
