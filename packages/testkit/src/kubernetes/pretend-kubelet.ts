import type { ApiAccess } from "./api/access.ts";
import { ApiError } from "./api/api-error.ts";
import { resources } from "./api/resources.ts";
import { apiTime } from "./kubelet/clock.ts";
import { keyOf, namespaceOf, type Pod } from "./kubelet/types.ts";

/** How pods live. */
export interface PretendKubeletOptions {
  readonly access: ApiAccess;
  /** From bound to Running, not ready yet. Default 0. */
  readonly startMs?: (pod: Pod) => number;
  /** From Running to Ready. Default 0. */
  readonly readyMs?: (pod: Pod) => number;
  /** From its deletion to its end. Default 0. */
  readonly endMs?: (pod: Pod) => number;
  /** Address of the n-th pod, from 1. Default addresses of 10.64.0.0/10. */
  readonly addressOf?: (index: number) => string;
  /** Before the pod is Ready: the place to listen on its address. */
  readonly onStart?: (pod: Pod, address: string) => Promise<void>;
  /** Before the pod is gone, or when this kubelet is closed. */
  readonly onEnd?: (pod: Pod) => Promise<void>;
}

/**
 * A kubelet, and a scheduler, for pods in which nothing runs: it binds each, sets it Running and then Ready, and lets
 * it go when it is deleted; pods of Jobs succeed. For tests and loads where hundreds of pods have to look alive.
 */
export class PretendKubelet {
  readonly #options: PretendKubeletOptions;
  readonly #watch: { close(): void };
  /** Key and uid → the pod's life, as far as it was begun. */
  readonly #lives = new Map<string, Life>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #addresses = 0;
  #isClosed = false;

  constructor(options: PretendKubeletOptions) {
    this.#options = options;
    this.#watch = options.access.watch(resources.pods, {}, ({ type, object }) => this.#see(type, object as Pod));
  }

  /** Pods stay as they are from now on; `onEnd` is called for those that were started. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#watch.close();
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all([...this.#lives.values()].map((life) => life.doing));
    await Promise.all([...this.#lives.values()].filter((life) => life.isStarted).map((life) => this.#ended(life)));
  }

  #see(type: string, pod: Pod): void {
    const id = `${keyOf(pod)} ${pod.metadata.uid}`;
    const life = this.#lives.get(id) ?? { pod, doing: Promise.resolve(), isStarted: false, isEnding: false };
    life.pod = pod;
    if (type === "DELETED") {
      this.#lives.delete(id);
      life.isEnding = true;
      this.#then(life, 0, async () => await this.#ended(life));
      return;
    }
    if (!this.#lives.has(id)) {
      this.#lives.set(id, life);
      this.#begin(life);
    }
    if (pod.metadata.deletionTimestamp === undefined || life.isEnding) return;
    life.isEnding = true;
    const id0 = idOf(pod);
    this.#then(life, this.#options.endMs?.(pod) ?? 0, async () => {
      await this.#ended(life);
      const { uid } = pod.metadata;
      const preconditions = uid === undefined ? {} : { preconditions: { uid } };
      await this.#options.access.delete(resources.pods, id0, { gracePeriodSeconds: 0, ...preconditions });
    });
  }

  #begin(life: Life): void {
    const { access, startMs, readyMs } = this.#options;
    const { pod } = life;
    this.#addresses += 1;
    const address = (this.#options.addressOf ?? addressOfTen)(this.#addresses);
    this.#then(life, 0, async () => {
      if (life.isEnding) return;
      await access.mergePatch(resources.pods, idOf(pod), { spec: { nodeName } });
      this.#then(life, startMs?.(pod) ?? 0, async () => {
        if (life.isEnding) return;
        life.isStarted = true;
        await this.#options.onStart?.(pod, address);
        await this.#write(pod, statusOf(pod, address, false));
        this.#then(life, readyMs?.(pod) ?? 0, async () => {
          if (life.isEnding) return;
          const isTask = pod.metadata.ownerReferences?.some(({ kind }) => kind === "Job") === true;
          await this.#write(pod, isTask ? { phase: "Succeeded" } : statusOf(pod, address, true));
        });
      });
    });
  }

  async #write(pod: Pod, status: object): Promise<void> {
    await this.#options.access.mergePatch(resources.pods, idOf(pod), { status }, "status");
  }

  async #ended(life: Life): Promise<void> {
    if (!life.isStarted) return;
    life.isStarted = false;
    await this.#options.onEnd?.(life.pod);
  }

  /** Does one thing of a pod's life after another; that the pod is gone meanwhile is fine. */
  #then(life: Life, delayMs: number, act: () => Promise<void>): void {
    if (this.#isClosed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      life.doing = life.doing.then(act).catch((error: unknown) => {
        if (!(error instanceof ApiError && (error.reason === "NotFound" || error.reason === "Conflict"))) throw error;
      });
    }, delayMs);
    this.#timers.add(timer);
  }
}

interface Life {
  pod: Pod;
  doing: Promise<void>;
  isStarted: boolean;
  isEnding: boolean;
}

const nodeName = "pretended";

const idOf = (pod: Pod): { namespace: string; name: string } => ({
  namespace: namespaceOf(pod),
  name: pod.metadata.name,
});

const addressOfTen = (index: number): string => `10.${64 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;

const statusOf = (pod: Pod, address: string, ready: boolean): object => {
  const now = apiTime(Date.now());
  const status = ready ? "True" : "False";
  const why = ready ? {} : { reason: "ContainersNotReady", message: "containers with unready status" };
  return {
    phase: "Running",
    podIP: address,
    podIPs: [{ ip: address }],
    startTime: now,
    conditions: [
      { type: "PodScheduled", status: "True", lastTransitionTime: now },
      { type: "Initialized", status: "True", lastTransitionTime: now },
      { type: "ContainersReady", status, lastTransitionTime: now, ...why },
      { type: "Ready", status, lastTransitionTime: now, ...why },
    ],
    containerStatuses: pod.spec.containers.map(({ name, image }) => ({
      name,
      image: image ?? "",
      imageID: "",
      ready,
      started: ready,
      restartCount: 0,
      state: { running: { startedAt: now } },
    })),
  };
};
