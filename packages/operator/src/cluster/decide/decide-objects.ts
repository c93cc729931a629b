import type { Service } from "kubernetes-types/core/v1.d.ts";
import type { Action } from "../../kube/plan.ts";
import { resources } from "../../kube/resources.ts";
import { buildBudgets, type PodCounts, wantsBudgets } from "../build/disruption-budgets.ts";
import { buildGcsClaim } from "../build/fault-tolerance.ts";
import { buildHeadService } from "../build/head-service.ts";
import { buildHeadlessService } from "../build/headless-service.ts";
import { buildIngress } from "../build/ingress.ts";
import { serveServiceName } from "../build/names.ts";
import { buildNetworkPolicies } from "../build/network-policies.ts";
import { buildServeService, wantsServeService } from "../build/serve-service.ts";
import { warning } from "../cluster-events.ts";
import { clusterLimits } from "../limits.ts";
import type { ObservedCluster } from "../observed-cluster.ts";
import { isReady, isTerminating, isWorker, upMs } from "../pod-state.ts";
import { wantedWorkers } from "../wanted-workers.ts";
import { type DecideContext, scopes } from "./decide-context.ts";
import { standbyCount } from "./decide-heads.ts";
import { keepObject } from "./keep-object.ts";

/**
 * Everything of a cluster that is no pod, in the order of the reference (section 2.1). Our autoscaler runs in the
 * operator, so a cluster needs no service account or role for one; tokens are made with the first pod that needs them.
 */
export const decideObjects = (observed: ObservedCluster, context: DecideContext): Action[] => [
  ...keepObject(
    observed,
    {
      resource: resources.ingresses,
      subject: "Ingress",
      wanted: buildIngress(observed.cluster),
      existing: observed.ingress,
    },
    context,
  ),
  ...services(observed, context),
  ...keepClaim(observed, context),
  ...policies(observed, context),
  ...budgets(observed, context),
];

const services = (observed: ObservedCluster, context: DecideContext): Action[] => {
  const keep = (wanted: Service | undefined, existing: ObservedCluster["headService"]): Action[] =>
    keepObject(observed, { resource: resources.services, subject: "Service", wanted, existing }, context);
  return [
    ...keep(buildHeadService(observed.cluster, context.options), observed.headService),
    ...keep(buildHeadlessService(observed.cluster), observed.headlessService),
    ...serveService(observed, keep),
  ];
};

/** One that the user did not ask for is left alone: a RayService may have made it. */
const serveService = (
  observed: ObservedCluster,
  keep: (wanted: Service, existing: ObservedCluster["serveService"]) => Action[],
): Action[] => {
  const { cluster } = observed;
  if (!wantsServeService(cluster)) return [];
  try {
    return keep(buildServeService(cluster), observed.serveService);
  } catch (error) {
    const note = `Failed to create service ${serveServiceName(cluster.metadata.name)}: ${String(error)}`;
    const scope = scopes.object("Service", serveServiceName(cluster.metadata.name));
    return [{ kind: "event", scope, text: warning("FailedToCreateService", "Create", note) }];
  }
};

/** A claim is created and never changed: most of it cannot be. */
const keepClaim = (observed: ObservedCluster, context: DecideContext): Action[] => {
  const claim = buildGcsClaim(observed.cluster);
  // A claim that outlived a former cluster of this name has its data, and no owner.
  if (claim === undefined || observed.gcsClaim !== undefined) return [];
  return keepObject(
    observed,
    {
      resource: resources.persistentVolumeClaims,
      subject: "PVC",
      wanted: claim,
      existing: undefined,
    },
    context,
  );
};

const policies = (observed: ObservedCluster, context: DecideContext): Action[] => {
  const wanted = buildNetworkPolicies(observed.cluster, context.options);
  const byName = new Map(observed.networkPolicies.map((policy) => [policy.metadata.name, policy]));
  const names = new Set(wanted.map(({ metadata }) => metadata?.name));
  const keep = { resource: resources.networkPolicies, subject: "NetworkPolicy" } as const;
  return [
    ...wanted.flatMap((policy) =>
      keepObject(observed, { ...keep, wanted: policy, existing: byName.get(policy.metadata?.name ?? "") }, context),
    ),
    ...observed.networkPolicies
      .filter(({ metadata }) => !names.has(metadata.name))
      .flatMap((existing) => keepObject(observed, { ...keep, wanted: undefined, existing }, context)),
  ];
};

const budgets = (observed: ObservedCluster, context: DecideContext): Action[] => {
  const { options, nowMs } = context;
  const wanted = wantsBudgets(observed.cluster, options)
    ? buildBudgets(observed.cluster, podCounts(observed, nowMs))
    : [];
  const byName = new Map(observed.budgets.map((budget) => [budget.metadata.name, budget]));
  const names = new Set(wanted.map(({ metadata }) => metadata?.name));
  const keep = { resource: resources.podDisruptionBudgets, subject: "PodDisruptionBudget" } as const;
  return [
    ...wanted.flatMap((budget) =>
      keepObject(observed, { ...keep, wanted: budget, existing: byName.get(budget.metadata?.name ?? "") }, context),
    ),
    ...observed.budgets
      .filter(({ metadata }) => !names.has(metadata.name))
      .flatMap((existing) => keepObject(observed, { ...keep, wanted: undefined, existing }, context)),
  ];
};

const podCounts = (observed: ObservedCluster, nowMs: number): PodCounts => ({
  heads: 1 + standbyCount(observed.cluster),
  workers: wantedWorkers(observed.cluster.spec),
  idleWorkers: idleWorkers(observed, nowMs),
});

/** Workers that have been up for long without being Ready: they hold no replica. */
const idleWorkers = ({ pods }: ObservedCluster, nowMs: number): number =>
  pods.filter(
    (pod) =>
      isWorker(pod) && !isTerminating(pod) && !isReady(pod) && (upMs(pod, nowMs) ?? 0) >= clusterLimits.idleWorkerMs,
  ).length;
