import { labels } from "../../api/names.ts";
import type { RayServiceStatus } from "../../api/ray-service-status.ts";
import type { Action } from "../../kube/plan.ts";
import { isLeaving, servingPods } from "../cluster-view.ts";
import { serviceLimits } from "../limits.ts";
import type { ObservedService, ServeCluster } from "../observed-service.ts";
import { deleteCluster } from "./cluster-actions.ts";
import type { ClustersGoal } from "./decide-clusters.ts";
import { requeue, type ServiceContext, scopes, timeText } from "./service-context.ts";

/** `status.retiringClusters`. */
export type Retiring = NonNullable<RayServiceStatus["retiringClusters"]>;

/** What is to be done about clusters that serve no more. */
export interface RetiringGoal {
  /** For the status: deadlines outlive this process. */
  readonly retiring: Retiring;
  readonly deletions: readonly Action[];
}

/**
 * Clusters without a role. R1: one is deleted only after a status has said when. R2: never while a Service still sends to
 * it. R3: not while its proxies say that they answer requests, as long as its time and a little more lasts. R4: where the
 * user gives no time, one that is known to be idle goes as soon as balancers have noticed.
 */
export const decideRetiring = (
  observed: ObservedService,
  goal: ClustersGoal,
  context: ServiceContext,
): RetiringGoal => {
  const { service, clusters } = observed;
  const retiring: Retiring = [];
  const deletions: Action[] = [];
  for (const [name, view] of clusters) {
    if (name === goal.activeName || name === goal.pendingName || isLeaving(view)) continue;
    const known = service.status?.retiringClusters?.find((entry) => entry.name === name);
    const entry = known ?? { name, deleteAt: timeText(context.nowMs + firstDelayMs(observed, goal, name)) };
    retiring.push(entry);
    if (known === undefined) continue;
    const waitMs = waitBeforeDeletion(observed, view, Date.parse(known.deleteAt), context);
    deletions.push(
      waitMs > 0
        ? requeue(scopes.clusters, Math.min(waitMs, serviceLimits.busyPollMs))
        : deleteCluster(view.cluster, "it serves no more"),
    );
  }
  return { retiring, deletions };
};

const firstDelayMs = (observed: ObservedService, goal: ClustersGoal, name: string): number =>
  goal.discarded.includes(name) && !isSelected(observed, name) ? 0 : delayMs(observed);

const delayMs = ({ service }: ObservedService): number => {
  const seconds = service.spec.rayClusterDeletionDelaySeconds;
  return seconds === undefined ? serviceLimits.deletionDelayMs : seconds * 1_000;
};

/** 0: it may go. */
const waitBeforeDeletion = (
  observed: ObservedService,
  view: ServeCluster,
  deleteAtMs: number,
  { nowMs }: ServiceContext,
): number => {
  const { name } = view.cluster.metadata;
  if (isSelected(observed, name)) return serviceLimits.busyPollMs; // R2
  const load = loadOf(observed, view);
  if (load === "busy") return deleteAtMs + serviceLimits.drainExtraMs - nowMs; // R3
  if (load === "unknown" || observed.service.spec.rayClusterDeletionDelaySeconds !== undefined)
    return deleteAtMs - nowMs;
  return deleteAtMs - serviceLimits.deletionDelayMs + serviceLimits.settleMs - nowMs; // R4
};

/** Whether one of the Services that stay still selects the cluster. */
const isSelected = ({ headService, serveService, route }: ObservedService, name: string): boolean =>
  [headService, serveService].some((service) => service?.spec?.selector?.[labels.cluster] === name) ||
  (route?.spec.rules ?? []).some(({ backendRefs }) =>
    backendRefs.some((backend) => backend.name === `${name}-serve-svc` && backend.weight !== 0),
  );

const loadOf = (observed: ObservedService, view: ServeCluster): "idle" | "busy" | "unknown" => {
  const pods = servingPods(view);
  const { serveService } = observed;
  const endpoints =
    serveService === undefined ? new Set<string>() : observed.readyEndpoints(serveService.metadata.name);
  if (pods.some(({ pod }) => endpoints.has(pod.metadata.uid))) return "busy";
  const counts = pods.map(({ proxy }) => proxy?.ongoing);
  if (counts.some((count) => count !== undefined && count > 0)) return "busy";
  return counts.includes(undefined) ? "unknown" : "idle";
};
