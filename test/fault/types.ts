import type { TestCluster } from "@manta/testkit";
import type { Random } from "../../packages/mantaray/src/base/random.ts";
import type { Casualties } from "./cluster/casualties.ts";
import type { ChaosRedis } from "./cluster/chaos-redis.ts";
import type { HeadClock } from "./cluster/head-clock.ts";
import type { RoutingWatch } from "./measure/routing-watch.ts";
import type { Measurement } from "./score/bars.ts";
import type { TrafficProcess } from "./traffic/traffic-process.ts";

/** What a step works on. */
export interface FaultContext extends TestCluster {
  /** Where and when a fault strikes: the same for the same seed. */
  readonly random: Random;
  readonly traffic: TrafficProcess;
  /** Undefined with `--store embedded`. */
  readonly redis: ChaosRedis | undefined;
  readonly routing: RoutingWatch;
  /** What this fault kills: excuses the connections that ended there. */
  readonly casualties: Casualties;
  /** Of the heads. */
  readonly clock: HeadClock;
  /** The temp folder is a disk of its own, which can be full. */
  readonly tempIsDisk: boolean;
  /** Folder shared with the replicas. */
  readonly runDir: string;
  /** For people who watch. */
  readonly say: (line: string) => void;
}

/** What came of a fault. */
export interface StepResult {
  /** From the fault, or from the end of one that lasts, until the cluster is whole again. */
  readonly recoveryMs: number;
  readonly measured?: readonly Measurement[];
  /** Which victim, and whatever else a reader may want to know. */
  readonly notes?: readonly string[];
}

/** One fault and the way back. */
export interface FaultStep {
  /** As `--scenario` takes it. */
  readonly name: string;
  /** As the table has it. */
  readonly title: string;
  /** About how long, with the way back: whether it still fits into `--seconds`. */
  readonly seconds: number;
  /** Too long to be done again while there is time. */
  readonly once?: boolean;
  /** Needs a cluster of its own, on a Redis with sentinels. */
  readonly on?: "sentinels";
  /** Why it cannot be done here; undefined when it can. */
  readonly unable?: (context: FaultContext) => string | undefined;
  /** Does the fault, and waits until the cluster is whole again. */
  run(context: FaultContext): Promise<StepResult>;
}
