import type { Log } from "../../base/log.ts";
import type { Child } from "../supervise/child-process.ts";
import { type LocalNode, removePidFile, writeGroupsFile, writePidFile } from "./pid-file.ts";

/** Where a book is kept. */
export interface ProcessBookPaths {
  readonly pidFile: string;
  readonly groupsFile: string;
}

/**
 * Keeps the node's pid file in step with its processes. A start is on disk before anything else happens
 * to the process, so that an agent killed at any moment leaves no process that its successor does not know.
 */
export class ProcessBook {
  readonly #paths: ProcessBookPaths;
  readonly #node: Omit<LocalNode, "groups">;
  readonly #children = new Set<Child>();
  readonly #log: Log;
  #written = false;
  #closed = false;

  constructor(paths: ProcessBookPaths, node: Omit<LocalNode, "groups">, log: Log) {
    this.#paths = paths;
    this.#log = log;
    this.#node = node;
    this.#write();
  }

  add(child: Child): void {
    this.#children.add(child);
    this.#write();
    child.onExit(() => {
      this.#children.delete(child);
      if (!this.#closed) this.#write();
    });
  }

  /** The node has ended in order. */
  remove(): void {
    this.#closed = true;
    removePidFile(this.#paths.pidFile);
    removePidFile(this.#paths.groupsFile);
  }

  #write(): void {
    const groups = [...this.#children].map(({ pid, startTicks, name }) => ({ pid, startTicks, name }));
    try {
      writePidFile(this.#paths.pidFile, { ...this.#node, groups });
      writeGroupsFile(this.#paths.groupsFile, groups);
    } catch (error) {
      // The first one must be there; later, a full disk must not keep a node from starting processes. Theirs end with
      // their agent by themselves.
      if (!this.#written) throw error;
      this.#log.warn({ err: error, pidFile: this.#paths.pidFile }, "cannot write down the processes of this node");
      return;
    }
    this.#written = true;
  }
}
