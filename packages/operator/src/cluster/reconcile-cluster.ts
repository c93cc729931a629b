import { kinds, managedByOperator, rayApiVersion } from "../api/names.ts";
import { clusterNotices } from "../api/notices.ts";
import { parseRayCluster, type RayCluster } from "../api/ray-cluster.ts";
import type { RayClusterStatus } from "../api/ray-cluster-status.ts";
import { describeProblem, validateRayCluster } from "../api/validate-ray-cluster.ts";
import { applyPlan } from "../kube/apply-plan.ts";
import type { EventSubject } from "../kube/event-text.ts";
import { asKubeError } from "../kube/kube-error.ts";
import { NoticeBoard } from "../kube/notice-board.ts";
import { type KubeObject, keyOf, refOf, type Stored } from "../kube/objects.ts";
import type { Plan, PlanResult } from "../kube/plan.ts";
import { rayClusters } from "../kube/ray-resources.ts";
import type { ReconcileResult, Reconciler } from "../kube/reconciler.ts";
import type { ReconcilerDeps } from "../kube/reconciler-deps.ts";
import { memoParse } from "../service/memo-parse.ts";
import { warning } from "./cluster-events.ts";
import type { ClusterOptions } from "./cluster-options.ts";
import { decideCluster } from "./decide/decide-cluster.ts";
import { dropFinalizer } from "./decide/decide-deletion.ts";
import { observeCluster } from "./observe-cluster.ts";
import type { ObservedCluster } from "./observed-cluster.ts";
import { clusterStatus } from "./status/cluster-status.ts";

/** Brings RayClusters to what they ask for: observe, decide, apply, and say in the status what came of it. */
export class ClusterReconciler implements Reconciler {
  readonly kind: string = kinds.rayCluster;
  readonly #deps: ReconcilerDeps;
  readonly #options: ClusterOptions;
  readonly #notices: NoticeBoard;

  constructor(deps: ReconcilerDeps, options: ClusterOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#notices = new NoticeBoard(deps.recorder);
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult> {
    const { caches, expectations } = this.#deps;
    const stored = caches.rayClusters.get(refOf(key));
    if (stored === undefined) {
      expectations.forget(key);
      return {};
    }
    const cluster = this.#read(stored);
    if (cluster === undefined) return {};
    const { managedBy } = cluster.spec;
    if (managedBy !== undefined && managedBy !== managedByOperator) return {};
    if (cluster.metadata.deletionTimestamp === undefined && this.#refuse(cluster)) return {};
    this.#notices.tell(subjectOf(cluster), cluster.metadata.generation, clusterNotices(cluster));
    const observed = observeCluster(cluster, caches);
    const plan = decideCluster(observed, {
      options: this.#options,
      nowMs: this.#deps.clock.wallMs(),
      waitMs: (group) => expectations.waitMs(key, group),
    });
    const result = await this.#apply(plan, signal);
    if (await this.#letGo(observed, result, signal)) return {};
    const status = await this.#writeStatus(observed, plan, result, signal);
    return passResult(result, status);
  }

  #apply(plan: Plan, signal: AbortSignal): Promise<PlanResult> {
    const { api, expectations, recorder, onAction } = this.#deps;
    return applyPlan(plan, api, { expectations, recorder, signal, ...(onAction === undefined ? {} : { onAction }) });
  }

  /** A cluster whose shape an older CRD let in. Nothing is done for it until it is changed. */
  #read(stored: Stored): RayCluster | undefined {
    try {
      return parsed(stored);
    } catch (error) {
      const note = `The object has not the shape of a RayCluster: ${error instanceof Error ? error.message : String(error)}`;
      this.#deps.recorder.record(subjectOf(stored), warning("InvalidRayClusterSpec", "Validate", note));
      return undefined;
    }
  }

  /** Whether something is wrong with it: then it is told, and nothing is done (reference, section 1.7). */
  #refuse(cluster: RayCluster): boolean {
    const problems = validateRayCluster(cluster);
    const [first] = problems;
    if (first === undefined) return false;
    const part = /^(metadata|status)/.exec(first.field)?.[1] ?? "spec";
    const reason = {
      metadata: "InvalidRayClusterMetadata",
      status: "InvalidRayClusterStatus",
      spec: "InvalidRayClusterSpec",
    };
    const note = problems.map(describeProblem).join("; ");
    this.#deps.recorder.record(subjectOf(cluster), warning(reason[part as keyof typeof reason], "Validate", note));
    return true;
  }

  /** In a namespace that is going no clean-up job can be made: the cluster goes without, or it would never go. */
  async #letGo(observed: ObservedCluster, result: PlanResult, signal: AbortSignal): Promise<boolean> {
    const { cluster } = observed;
    if (cluster.metadata.deletionTimestamp === undefined) return false;
    const isGoing = [...result.errors.values()].some(
      ({ error }) => asKubeError(error)?.isNamespaceTerminating === true,
    );
    if (!isGoing) return false;
    const note =
      "The namespace is being deleted, so Redis cannot be cleaned up: data of this cluster may be left there";
    const told = { kind: "event", scope: "finalizer", text: warning("RedisCleanupFailed", "Cleanup", note) } as const;
    const key = keyOf(cluster.metadata);
    await this.#apply({ key, subject: subjectOf(cluster), actions: [told, dropFinalizer(cluster)] }, signal);
    return true;
  }

  async #writeStatus(
    observed: ObservedCluster,
    plan: Plan,
    result: PlanResult,
    signal: AbortSignal,
  ): Promise<PlanResult | undefined> {
    // What the plan has changed of the cluster itself makes our copy old.
    const touched = plan.actions.some((action) => action.kind === "patch" && action.resource.kind === kinds.rayCluster);
    if (touched) return undefined;
    const status = clusterStatus(observed, result.errors, this.#deps.clock.wallMs());
    if (status === undefined) return undefined;
    const object = withStatus(observed.cluster, status);
    return this.#apply(
      { ...plan, actions: [{ kind: "status", scope: "status", resource: rayClusters, object }] },
      signal,
    );
  }
}

/** Once an object: it is looked at with every change of a pod. */
const parsed = memoParse(parseRayCluster);

/** The sooner of both, and the first error. */
const passResult = (result: PlanResult, status: PlanResult | undefined): ReconcileResult => {
  const waits = [result.requeueAfterMs, status?.requeueAfterMs].filter((waitMs) => waitMs !== undefined);
  const error = [...result.errors.values(), ...(status?.errors.values() ?? [])][0]?.error;
  return {
    ...(waits.length === 0 ? {} : { requeueAfterMs: Math.min(...waits) }),
    ...(error === undefined ? {} : { error }),
  };
};

const withStatus = (cluster: RayCluster, status: RayClusterStatus): RayCluster => {
  const { name, namespace, uid, resourceVersion } = cluster.metadata;
  return {
    ...cluster,
    metadata: { name, namespace, uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
    status,
  };
};

const subjectOf = ({ metadata }: KubeObject): EventSubject => ({
  apiVersion: rayApiVersion,
  kind: kinds.rayCluster,
  name: metadata?.name ?? "",
  namespace: metadata?.namespace ?? "",
  uid: metadata?.uid ?? "",
  resourceVersion: metadata?.resourceVersion,
});
