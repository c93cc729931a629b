import { storeKill } from "./steps/control-store.ts";
import { controllerEnd, controllerKill } from "./steps/controller.ts";
import { headKill, headStop, headTerm } from "./steps/head.ts";
import { nodeKill, nodeTerm } from "./steps/node.ts";
import { proxyKill, proxyTerm } from "./steps/proxy.ts";
import { killReplica, replicaKill } from "./steps/replica.ts";
import { replicaBlock, replicaOom } from "./steps/replica-hazard.ts";
import { replicaPause, replicaStop } from "./steps/replica-stop.ts";
import type { FaultStep } from "./types.ts";

/** The reference's fault-tolerance walk: a replica, a proxy, the controller, a worker node, the head. */
const walk: readonly FaultStep[] = [
  killReplica("pid", "Pid"),
  killReplica("fruit_app", "PearStand"),
  killReplica("fruit_app", "FruitMarket"),
  proxyKill,
  controllerEnd,
  nodeKill,
  headKill,
];

const groups = {
  replica: [replicaKill, replicaPause, replicaStop, replicaBlock, replicaOom],
  proxy: [proxyTerm, proxyKill],
  controller: [controllerKill, controllerEnd],
  store: [storeKill],
  head: [headKill, headTerm, headStop],
  node: [nodeKill, nodeTerm],
} as const satisfies Record<string, readonly FaultStep[]>;

const full: readonly FaultStep[] = Object.values(groups).flat();

/** What `--scenario` takes: the walk, all faults, a group of them, or one. */
export const scenarios: Readonly<Record<string, readonly FaultStep[]>> = {
  walk,
  full,
  ...groups,
  ...Object.fromEntries(full.map((step) => [step.name, [step]])),
};
