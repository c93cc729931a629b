import { isDeepStrictEqual } from "node:util";
import type { PodStatus } from "kubernetes-types/core/v1.d.ts";
import { ApiError } from "../../api/api-error.ts";
import { resources } from "../../api/resources.ts";
import { kubeletLimits } from "../limits.ts";
import { messageOf } from "../log.ts";
import { keyOf, namespaceOf, type Pod } from "../types.ts";
import type { PodDeps } from "./pod-deps.ts";

/** Brings a pod's status to the API: one write at a time, always the newest, nothing when nothing changed. */
export class StatusWriter {
  readonly #deps: Pick<PodDeps, "access" | "clock" | "log">;
  readonly #read: () => { pod: Pod; status: PodStatus };
  #isDirty = false;
  #isStopped = false;
  #work: Promise<void> | undefined;
  #written: PodStatus | undefined;

  /** `read` tells what is true now. */
  constructor(deps: Pick<PodDeps, "access" | "clock" | "log">, read: () => { pod: Pod; status: PodStatus }) {
    this.#deps = deps;
    this.#read = read;
  }

  changed(): void {
    this.#isDirty = true;
    this.#work ??= this.#write().finally(() => {
      this.#work = undefined;
    });
  }

  /** Resolves when the API has the newest. */
  async written(): Promise<void> {
    await this.#work;
  }

  /** Writes no more. */
  stop(): void {
    this.#isStopped = true;
  }

  async #write(): Promise<void> {
    const { access, log, clock } = this.#deps;
    // Changes of the same moment are one write.
    await Promise.resolve();
    while (this.#isDirty && !this.#isStopped) {
      this.#isDirty = false;
      const { pod, status } = this.#read();
      if (isDeepStrictEqual(status, this.#written)) continue;
      const id = { namespace: namespaceOf(pod), name: pod.metadata.name };
      try {
        await access.mergePatch(resources.pods, id, { metadata: { uid: pod.metadata.uid }, status }, "status");
        this.#written = status;
      } catch (error) {
        // Gone, or another of the same name.
        if (error instanceof ApiError && (error.reason === "NotFound" || error.reason === "Conflict")) return;
        log.warn(`status of pod ${keyOf(pod)}: ${messageOf(error)}`);
        this.#isDirty = true;
        await new Promise<void>((resolve) => {
          clock.after(kubeletLimits.retryMs, resolve);
        });
      }
    }
  }
}
