import type { Clock } from "../../../base/clock.ts";
import type { Log } from "../../../base/log.ts";
import type { Random } from "../../../base/random.ts";
import type { ClusterView } from "../cluster-view.ts";
import type { ControllerEnv } from "../env.ts";
import type { HealthMonitor } from "../health/health-monitor.ts";
import type { Effects } from "../loop/effects.ts";
import type { ControllerPorts } from "../ports.ts";
import type { DeploymentStatusEvent } from "../status/deployment-status.ts";

/** What the reconcilers of all deployments share. */
export interface ReconcilerShared {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly env: ControllerEnv;
  readonly effects: Effects;
  readonly ports: ControllerPorts;
  readonly cluster: ClusterView;
  readonly health: HealthMonitor;
  /** The replica is, or may be, in the snapshot that proxies have. */
  readonly isRouted: (replicaId: string) => boolean;
}

/** What a reconciler tells the target state. */
export interface ReconcilerSink {
  onStatus(event: DeploymentStatusEvent, message: string): void;
  /** Something came to an end: the deployment wants a turn. */
  onTouched(): void;
  /** A text for people, without a change of the status. */
  onMessage(message: string): void;
  /** The target does not start and is given up. */
  onGaveUp(message: string): void;
  /** The target runs in full. */
  onComplete(): void;
}
