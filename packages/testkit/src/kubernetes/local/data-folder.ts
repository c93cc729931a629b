import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const prefix = "manta-kubernetes-";

/** The folder of a local cluster: the caller's own, which stays, or a temporary one that goes with the process. */
export class DataFolder {
  readonly path: string;
  readonly #temporary: boolean;
  readonly #remove = (): void => rmSync(this.path, { recursive: true, force: true });

  constructor(path: string | undefined) {
    this.#temporary = path === undefined;
    if (path === undefined) {
      removeAbandoned();
      this.path = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
      process.once("exit", this.#remove);
    } else {
      mkdirSync(path, { recursive: true });
      this.path = path;
    }
  }

  close(): void {
    if (!this.#temporary) return;
    process.removeListener("exit", this.#remove);
    this.#remove();
  }
}

/** Of processes that were killed. */
const removeAbandoned = (): void => {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]);
    if (pid > 0 && !isAlive(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};
