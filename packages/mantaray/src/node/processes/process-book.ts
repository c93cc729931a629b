import type { Child } from "../supervise/child-process.ts";
import { type LocalNode, removePidFile, writePidFile } from "./pid-file.ts";

/**
 * Keeps the node's pid file in step with its processes. A start is on disk before anything else happens
 * to the process, so that an agent killed at any moment leaves no process that its successor does not know.
 */
export class ProcessBook {
  readonly #path: string;
  readonly #node: Omit<LocalNode, "groups">;
  readonly #children = new Set<Child>();
  #closed = false;

  constructor(path: string, node: Omit<LocalNode, "groups">) {
    this.#path = path;
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
    removePidFile(this.#path);
  }

  #write(): void {
    const groups = [...this.#children].map(({ pid, startTicks, name }) => ({ pid, startTicks, name }));
    writePidFile(this.#path, { ...this.#node, groups });
  }
}
