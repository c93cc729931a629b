import { killController } from "./steps/controller.ts";
import { killHead } from "./steps/head.ts";
import { killProxy } from "./steps/proxy.ts";
import { killReplica } from "./steps/replica.ts";
import { killWorkerNode } from "./steps/worker-node.ts";
import type { FaultStep } from "./types.ts";

/** The reference's fault-tolerance walk: a replica, a proxy, the controller, a worker node, the head. */
export const walk: readonly FaultStep[] = [
  killReplica("pid", "Pid"),
  killReplica("fruit_app", "PearStand"),
  killReplica("fruit_app", "FruitMarket"),
  killProxy,
  killController,
  killWorkerNode,
  killHead,
];
