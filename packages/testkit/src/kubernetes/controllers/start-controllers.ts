import type { ApiAccess } from "../api/access.ts";
import { type Clock, systemClock } from "../apiserver/clock.ts";
import { EventRecorder } from "../kubelet/events.ts";
import { type KubeletLog, silentLog } from "../kubelet/log.ts";
import { startBudgets } from "./budgets/budget-controller.ts";
import { startEndpoints } from "./endpoints/endpoints-controller.ts";
import { startGarbageCollector } from "./garbage/garbage-collector.ts";
import { ResourceCatalog } from "./garbage/resource-catalog.ts";
import { startJobs } from "./jobs/job-controller.ts";
import { startNamespaces } from "./namespaces/namespace-controller.ts";
import { startNodes } from "./nodes/node-controller.ts";
import { startQuotas } from "./quotas/quota-controller.ts";
import type { Controller } from "./runtime/controller.ts";
import { Informers } from "./runtime/informers.ts";
import { startStatefulSets } from "./stateful/stateful-set-controller.ts";
import { startClaims } from "./volumes/claim-controller.ts";
import { startDeployments } from "./workloads/deployment-controller.ts";
import { startReplicaSets } from "./workloads/replica-set-controller.ts";

/** What the controllers work with. */
export interface ControllerOptions {
  readonly access: ApiAccess;
  readonly clock?: Clock;
  readonly log?: KubeletLog;
  /** Silence of a kubelet after which its node is NotReady. Default 50 s. */
  readonly nodeMonitorGraceMs?: number;
  /** First wait before a Job's failed pod is replaced; doubles. Default 1 s (Kubernetes: 10 s). */
  readonly jobBackoffMs?: number;
}

/** Starts all controllers of a small cluster: what kube-controller-manager is to a real one. */
export const startControllers = (options: ControllerOptions): Controller => {
  const { access, clock = systemClock, log = silentLog } = options;
  const informers = new Informers(access);
  const events = new EventRecorder(access, clock, log);
  const deps = { access, informers, clock, events, log };
  const catalog = new ResourceCatalog(informers);
  const controllers = [
    startReplicaSets(deps),
    startDeployments(deps),
    startStatefulSets(deps),
    startJobs(deps, options.jobBackoffMs),
    startEndpoints(deps),
    startBudgets(deps),
    startClaims(deps),
    startQuotas(deps),
    startNodes(deps, options.nodeMonitorGraceMs),
    startGarbageCollector(deps, catalog),
    startNamespaces(deps, catalog),
  ];
  return {
    close: async () => {
      informers.close();
      await Promise.all(controllers.map((controller) => controller.close()));
      await events.flush();
    },
  };
};
