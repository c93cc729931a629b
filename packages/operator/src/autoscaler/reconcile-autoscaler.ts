import type { Pod } from "kubernetes-types/core/v1.d.ts";
import { kinds, rayApiVersion } from "../api/names.ts";
import { parseRayCluster, type RayCluster } from "../api/ray-cluster.ts";
import type { WorkerGroupSpec } from "../api/ray-cluster-spec.ts";
import { observeCluster } from "../cluster/observe-cluster.ts";
import { applyPlan } from "../kube/apply-plan.ts";
import type { EventSubject, EventText } from "../kube/event-text.ts";
import { asKubeError } from "../kube/kube-error.ts";
import { refOf, type Stored } from "../kube/objects.ts";
import type { PatchAction, PlanResult } from "../kube/plan.ts";
import type { ReconcileResult, Reconciler } from "../kube/reconciler.ts";
import type { ReconcilerDeps } from "../kube/reconciler-deps.ts";
import { isReachable } from "../service/cluster-view.ts";
import { fetchHttp, type HttpClient } from "../service/http-call.ts";
import { memoParse } from "../service/memo-parse.ts";
import type { ServeCluster } from "../service/observed-service.ts";
import { ServeTokens } from "../service/serve-address.ts";
import { decideScale, replicasAfter } from "./decide-scale.ts";
import type { Demand } from "./head-load.ts";
import { autoscalerLimits } from "./limits.ts";
import { LoadPolls, type LoadReport } from "./load-polls.ts";
import { observeScale } from "./observe-scale.ts";
import { patchGroup, scaledDown, scaledUp, unmetDemand } from "./scale-actions.ts";
import type { GroupScale, Removal, ScaleDecision, ScaleInput } from "./scale-input.ts";

/** What the autoscaler takes beside what all reconcilers take. */
export interface AutoscalerOptions {
  /** DNS domain of the Kubernetes cluster. */
  readonly clusterDomain: string;
  /** Default: the real one. */
  readonly http?: HttpClient;
}

/** What is remembered of a cluster from one pass to the next. */
interface Memory {
  readonly idleSinceMs: ReadonlyMap<string, number>;
  /** The cache must have seen this generation: our own last write. */
  readonly generation: number;
  readonly unmet: string;
}

const nothing: Memory = { idleSinceMs: new Map(), generation: 0, unmet: "" };

/**
 * Adds workers for what waits, and lets those go that nobody needs (`enableInTreeAutoscaling`). It writes `replicas` and
 * `scaleStrategy` of worker groups and nothing else: pods are made and deleted by the reconciler of RayClusters. What
 * leaves is drained by its head before its pod is named, so that nothing is put there meanwhile.
 */
export class AutoscalerReconciler implements Reconciler {
  readonly kind = "RayClusterAutoscaler";
  readonly objects: string = kinds.rayCluster;
  readonly #deps: ReconcilerDeps;
  readonly #options: AutoscalerOptions;
  readonly #polls: LoadPolls;
  /** By cluster's key. */
  readonly #memories = new Map<string, { readonly uid: string; readonly memory: Memory }>();

  constructor(deps: ReconcilerDeps, options: AutoscalerOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#polls = new LoadPolls({
      clock: deps.clock,
      http: options.http ?? fetchHttp,
      tokens: new ServeTokens(deps.api, deps.clock),
      onChange: (key) => deps.enqueue(this.kind, key),
    });
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult> {
    const view = this.#view(key);
    if (view === undefined) {
      this.#polls.forget(key);
      this.#memories.delete(key);
      return {};
    }
    const { metadata } = view.cluster;
    const known = this.#memories.get(key);
    const memory = known?.uid === metadata.uid ? known.memory : nothing;
    const report = this.#polls.result(metadata.uid);
    this.#polls.follow(key, view, isBusy(report, view));
    if (report?.load === undefined || (metadata.generation ?? 0) < memory.generation) return {};
    return await this.#scale(key, view, report, memory, signal);
  }

  /** Ends the polls. */
  close(): void {
    this.#polls.close();
  }

  /** Undefined: nothing is to be scaled. */
  #view(key: string): ServeCluster | undefined {
    const { caches } = this.#deps;
    const stored = caches.rayClusters.get(refOf(key));
    if (stored === undefined || stored.metadata.deletionTimestamp !== undefined) return undefined;
    // The reconciler of RayClusters tells what is wrong with it.
    if (stored.spec.enableInTreeAutoscaling !== true || stored.spec.suspend === true) return undefined;
    const cluster = parsed(stored);
    const pods = observeCluster(cluster, caches).pods.map((pod) => ({ pod, proxy: undefined }));
    const view: ServeCluster = { cluster, pods, apps: undefined, serveService: undefined };
    return isReachable(view) ? view : undefined;
  }

  async #scale(
    key: string,
    view: ServeCluster,
    { load, knownSinceMs }: LoadReport,
    memory: Memory,
    signal: AbortSignal,
  ): Promise<ReconcileResult> {
    if (load === undefined) return {};
    const { cluster } = view;
    const pods = view.pods.map(({ pod }) => pod);
    const observed = observeScale(cluster, pods, load, this.#options.clusterDomain);
    const nowMs = this.#deps.clock.nowMs();
    const input: ScaleInput = { ...observed, idleSinceMs: memory.idleSinceMs, knownSinceMs, nowMs };
    const decision = decideScale(input);
    const unmet = this.#tellUnmet(cluster, decision.unmet, memory.unmet);
    const remember = (generation: number): void => {
      const next = { idleSinceMs: decision.idleSinceMs, generation, unmet };
      this.#memories.set(key, { uid: cluster.metadata.uid, memory: next });
    };
    remember(memory.generation);
    const { actions, error } = await this.#actions(view, input, decision);
    if (actions.length === 0)
      return { ...(decision.wakeMs === undefined ? {} : { requeueAfterMs: decision.wakeMs }), error };
    const result = await this.#write(key, cluster, actions, signal);
    const written = result.written.at(-1) as Stored | undefined;
    remember(Math.max(memory.generation, written?.metadata.generation ?? 0));
    this.#polls.refresh(cluster.metadata.uid);
    return { error: error ?? failureOf(result) };
  }

  /** Drains who shall leave, and says what of each group is to be written. */
  async #actions(
    view: ServeCluster,
    input: ScaleInput,
    decision: ScaleDecision,
  ): Promise<{ actions: PatchAction[]; error: Error | undefined }> {
    const { cluster } = view;
    const actions: PatchAction[] = [];
    let error: Error | undefined;
    for (const group of cluster.spec.workerGroupSpecs ?? []) {
      const state = input.groups.find(({ name }) => name === group.groupName);
      if (state === undefined) continue;
      const scale = decision.groups.find(({ name }) => name === state.name);
      const drained = await this.#drain(view, scale?.removed ?? []);
      error ??= drained.error;
      const leaving = drained.left.flatMap(({ unit }) => unit.podNames);
      const workersToDelete = [...stillThere(group, view), ...leaving];
      const grows = scale !== undefined && scale.added > 0;
      const replicas =
        scale !== undefined && (grows || leaving.length > 0)
          ? replicasAfter(state, scale, drained.left.length)
          : group.replicas;
      const named = group.scaleStrategy?.workersToDelete ?? [];
      if (replicas === group.replicas && named.join() === workersToDelete.join()) continue;
      const text = this.#text(group, replicas, scale, drained.left, input.demands);
      actions.push(patchGroup(cluster, { group, replicas, workersToDelete, ...(text === undefined ? {} : { text }) }));
    }
    return { actions, error };
  }

  #text(
    group: WorkerGroupSpec,
    replicas: number,
    scale: GroupScale | undefined,
    left: readonly Removal[],
    demands: readonly Demand[],
  ): EventText | undefined {
    if (scale === undefined) return undefined;
    if (scale.added > 0) return scaledUp(group, replicas, demands);
    if (left.length === 0) return undefined;
    const isSurplus = left.some(({ why }) => why === "surplus");
    const why = isSurplus ? "there are more than maxReplicas" : "nobody needs these any more";
    const names = left.flatMap(({ unit }) => unit.podNames);
    return scaledDown(group, replicas, names, why);
  }

  /** Those that may go now. One that has got work meanwhile stays; where a head does not answer, nobody else goes either. */
  async #drain(
    view: ServeCluster,
    removals: readonly Removal[],
  ): Promise<{ left: readonly Removal[]; error: Error | undefined }> {
    const left: Removal[] = [];
    try {
      for (const removal of removals) if (await this.#drainUnit(view, removal)) left.push(removal);
    } catch (error) {
      return { left, error: error instanceof Error ? error : new Error(String(error)) };
    }
    return { left, error: undefined };
  }

  async #drainUnit(view: ServeCluster, { unit, why }: Removal): Promise<boolean> {
    const pods = view.pods.map(({ pod }) => pod).filter(({ metadata }) => unit.podNames.includes(metadata.name));
    const timeoutS = Math.min(...pods.map(drainTimeoutS));
    const reason = why === "idle" ? "the autoscaler removes it: it is idle" : "the autoscaler removes it: maxReplicas";
    for (const { nodeId } of unit.nodes) {
      const order = { nodeId, reason, timeoutS, onlyIfIdle: why === "idle" };
      if (!(await this.#polls.drain(view, order))) return false;
    }
    return true;
  }

  /** Once for each kind of want that comes up. */
  #tellUnmet(cluster: RayCluster, unmet: readonly Demand[], told: string): string {
    const key = unmet
      .map(({ resources }) => JSON.stringify(resources))
      .toSorted((left, right) => left.localeCompare(right))
      .join();
    if (key !== "" && key !== told) this.#deps.recorder.record(subjectOf(cluster), unmetDemand(unmet));
    return key;
  }

  #write(key: string, cluster: RayCluster, actions: readonly PatchAction[], signal: AbortSignal): Promise<PlanResult> {
    const { api, recorder, onAction } = this.#deps;
    const options = { recorder, signal, ...(onAction === undefined ? {} : { onAction }) };
    return applyPlan({ key, subject: subjectOf(cluster), actions }, api, options);
  }
}

const parsed = memoParse(parseRayCluster);

/** Something waits, starts or leaves: a change is near. */
const isBusy = (report: LoadReport | undefined, { cluster, pods }: ServeCluster): boolean => {
  if (report?.load === undefined || report.load.demands.length > 0) return true;
  const names = (cluster.spec.workerGroupSpecs ?? []).flatMap(
    ({ scaleStrategy }) => scaleStrategy?.workersToDelete ?? [],
  );
  return names.length > 0 || pods.length !== report.load.nodes.length;
};

/** Names on the list whose pods are not gone yet. */
const stillThere = ({ scaleStrategy }: WorkerGroupSpec, { pods }: ServeCluster): readonly string[] => {
  const there = new Set(pods.map(({ pod }) => pod.metadata.name));
  return (scaleStrategy?.workersToDelete ?? []).filter((name) => there.has(name));
};

/** Its pod is deleted at once: the drain ends within the pod's grace. */
const drainTimeoutS = ({ spec }: Stored<Pod>): number => {
  const graceS = spec?.terminationGracePeriodSeconds ?? autoscalerLimits.graceS;
  return Math.max(1, graceS - autoscalerLimits.drainSlackS);
};

/** A patch whose tests fail was made of what is old by now: the newer object wakes us. */
const failureOf = (result: PlanResult): Error | undefined =>
  [...result.errors.values()].map(({ error }) => error).find((error) => asKubeError(error)?.isInvalid !== true);

const subjectOf = ({ metadata }: RayCluster): EventSubject => ({
  apiVersion: rayApiVersion,
  kind: kinds.rayCluster,
  name: metadata.name,
  namespace: metadata.namespace,
  uid: metadata.uid,
  resourceVersion: metadata.resourceVersion,
});
