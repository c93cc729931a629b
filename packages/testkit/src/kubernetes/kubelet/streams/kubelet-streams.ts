import type { PodLogRequest, PodStreams, PodUpgradeRequest } from "../../apiserver/pod-streams.ts";
import type { KubeletClock } from "../clock.ts";
import type { PodWorker } from "../pods/pod-worker.ts";
import type { Pod } from "../types.ts";
import { attach, exec } from "./exec.ts";
import { portForward } from "./port-forward.ts";
import { sendLog } from "./send-log.ts";

/** Finds a pod that this kubelet runs. */
export type FindPod = (pod: Pod) => PodWorker | undefined;

/** logs, exec, attach and port-forward of the pods of this kubelet. */
export class KubeletStreams implements PodStreams {
  readonly #find: FindPod;
  readonly #clock: KubeletClock;

  constructor(find: FindPod, clock: KubeletClock) {
    this.#find = find;
    this.#clock = clock;
  }

  /** Undefined: no such pod here. */
  worker(pod: Pod): PodWorker | undefined {
    return this.#find(pod);
  }

  log(request: PodLogRequest): Promise<void> {
    return sendLog(request, this.#find(request.pod as Pod), this.#clock);
  }

  exec(request: PodUpgradeRequest): Promise<void> {
    return exec(request, this.#find(request.pod as Pod));
  }

  attach(request: PodUpgradeRequest): Promise<void> {
    return attach(request, this.#find(request.pod as Pod));
  }

  portForward(request: PodUpgradeRequest): Promise<void> {
    return portForward(request, this.#find(request.pod as Pod));
  }
}
