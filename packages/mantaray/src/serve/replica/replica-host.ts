import type { AsyncLocalStorage } from "node:async_hooks";
import type { Log } from "../../base/log.ts";
import type { ActiveRequest } from "../api/context.ts";
import type { Admission } from "./admission.ts";
import type { RunOnce } from "./idempotency/run-once.ts";
import type { LoopStall } from "./loop-stall.ts";
import type { ServedDeployment } from "./served-deployment.ts";
import type { WebSockets } from "./websocket/web-sockets.ts";

/** What every request of a replica works with. */
export interface ReplicaHost {
  readonly appName: string;
  readonly admission: Admission;
  readonly served: ServedDeployment;
  readonly requests: AsyncLocalStorage<ActiveRequest>;
  /** For requests with an Idempotency-Key; undefined where there is no store. */
  readonly runOnce: RunOnce | undefined;
  readonly stall: LoopStall;
  readonly webSockets: WebSockets;
  readonly log: Log;
}
