import { redeploy, scale } from "./steps/change.ts";
import { clockJump } from "./steps/clock.ts";
import { storeKill } from "./steps/control-store.ts";
import { controllerEnd, controllerKill } from "./steps/controller.ts";
import { diskFull } from "./steps/disk.ts";
import { headKill, headStop, headTerm } from "./steps/head.ts";
import { headAway } from "./steps/head-away.ts";
import { nodeKill, nodeTerm } from "./steps/node.ts";
import { proxyKill, proxyTerm } from "./steps/proxy.ts";
import { redisAway, redisFailover, redisFlush, redisKill, redisSlow } from "./steps/redis.ts";
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
  head: [headKill, headTerm, headStop, headAway],
  node: [nodeKill, nodeTerm],
  redis: [redisKill, redisFlush, redisSlow, redisAway, redisFailover],
  change: [redeploy, scale],
  machine: [diskFull, clockJump],
} as const satisfies Record<string, readonly FaultStep[]>;

const all: readonly FaultStep[] = Object.values(groups).flat();

/** What a run does: faults on the cluster of this machine, and whether it cuts networks too. */
export interface Scenario {
  readonly steps: readonly FaultStep[];
  /** A second cluster, whose nodes have networks of their own (`network/`). */
  readonly network: boolean;
  /** The control plane alone: redeploys and deaths in a loop (`soak/`). */
  readonly soak: boolean;
}

const of = (steps: readonly FaultStep[], network = false): Scenario => ({ steps, network, soak: false });

/** What `--scenario` takes: the walk, all faults, a group of them, or one. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  walk: of(walk),
  full: of(all, true),
  ...Object.fromEntries(Object.entries(groups).map(([name, steps]) => [name, of(steps)])),
  ...Object.fromEntries(all.map((step) => [step.name, of([step])])),
  failover: of([headKill, headTerm]),
  partition: of([], true),
  soak: { ...of([]), soak: true },
};
