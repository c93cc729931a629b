import type { ApiAccess } from "../../api/access.ts";
import type { Clock } from "../../apiserver/clock.ts";
import type { EventRecorder } from "../../kubelet/events.ts";
import type { KubeletLog } from "../../kubelet/log.ts";
import type { Informers } from "./informers.ts";
import { WorkQueue } from "./work-queue.ts";

/** What every controller works with. */
export interface ControllerDeps {
  readonly access: ApiAccess;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly log: KubeletLog;
}

/** A controller that runs. */
export interface Controller {
  close(): Promise<void>;
}

/** Starts one controller. */
export type StartController = (deps: ControllerDeps) => Controller;

/** A queue with the controller's name in the log. */
export const queueFor = (
  { clock, log }: ControllerDeps,
  name: string,
  reconcile: (key: string) => Promise<number | undefined>,
): WorkQueue => new WorkQueue({ name, clock, log, reconcile });
