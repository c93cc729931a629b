import { ZodError } from "zod";
import { serviceNotices } from "../api/notices.ts";
import { parseRayService, type RayService } from "../api/ray-service.ts";
import type { ClusterOptions } from "../cluster/cluster-options.ts";
import { applyPlan } from "../kube/apply-plan.ts";
import { asKubeError } from "../kube/kube-error.ts";
import { NoticeBoard } from "../kube/notice-board.ts";
import { refOf } from "../kube/objects.ts";
import type { Action, Plan, PlanResult } from "../kube/plan.ts";
import type { ReconcileResult, Reconciler } from "../kube/reconciler.ts";
import type { ReconcilerDeps } from "../kube/reconciler-deps.ts";
import { annotateCluster, isIncremental } from "./decide/cluster-actions.ts";
import type { ServePut } from "./decide/decide-apps.ts";
import { decideInvalid, decideService, planOf } from "./decide/decide-service.ts";
import { normal, type ServiceContext, scopes, tell, warning } from "./decide/service-context.ts";
import { gateways, httpRoutes } from "./gateway-resources.ts";
import { fetchHttp, type HttpClient } from "./http-call.ts";
import { serviceLimits } from "./limits.ts";
import { memoParse } from "./memo-parse.ts";
import { gatewayName, routeName, serviceAnnotations } from "./names.ts";
import { observeService } from "./observe.ts";
import type { ObservedService, ServeCluster } from "./observed-service.ts";
import { ServeTokens } from "./serve-address.ts";
import { ConfigRefusedError } from "./serve-client.ts";
import { configBody, configHash } from "./serve-config.ts";
import { ServicePolls } from "./service-polls.ts";

/** What the reconciler of RayServices takes beside what all take. */
export interface ServiceReconcilerOptions {
  readonly options: ClusterOptions;
  /** False: services that say no `upgradeStrategy.type` are not upgraded (`None`). Default true. */
  readonly zeroDowntime?: boolean;
  /** Default: the real one. */
  readonly http?: HttpClient;
  /** 0 to 1. Default `Math.random`. */
  readonly random?: () => number;
}

/** Brings RayServices to what they ask for: observe → decide → apply, then the configs that heads have to be told. */
export class ServiceReconciler implements Reconciler {
  readonly kind = "RayService";
  readonly #deps: ReconcilerDeps;
  readonly #options: ServiceReconcilerOptions;
  readonly #polls: ServicePolls;
  readonly #notices: NoticeBoard;
  readonly #readySinceMs = new Map<string, ReadonlyMap<string, number>>();
  /** By cluster's uid: the config that its head refused. */
  readonly #refused = new Map<string, { readonly hash: string; readonly untilMs: number }>();

  constructor(deps: ReconcilerDeps, options: ServiceReconcilerOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#notices = new NoticeBoard(deps.recorder);
    this.#polls = new ServicePolls({
      clock: deps.clock,
      http: options.http ?? fetchHttp,
      tokens: new ServeTokens(deps.api, deps.clock),
      onChange: (key) => deps.enqueue("RayService", key),
    });
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult> {
    const stored = this.#deps.caches.rayServices.get(refOf(key));
    if (stored === undefined) {
      this.#polls.forget(key);
      this.#readySinceMs.delete(key);
      this.#deps.expectations.forget(key);
      return {};
    }
    try {
      // What cannot be read can still go.
      const isLeaving = stored.metadata.deletionTimestamp !== undefined;
      if (isLeaving) return await this.#bring(key, stored, signal);
      const service = parsed(stored);
      this.#notices.tell({ ...service, ...service.metadata }, service.metadata.generation, serviceNotices(service));
      return await this.#bring(key, this.#withStrategy(service), signal);
    } catch (error) {
      if (!(error instanceof ZodError)) throw error;
      const why = error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
      const actions = decideInvalid(stored, why, false, this.#context(key));
      return resultOf([await this.#apply(planOf(stored, actions), signal)], undefined);
    }
  }

  /** Ends the polls. */
  close(): void {
    this.#polls.close();
  }

  #withStrategy(service: RayService): RayService {
    const { upgradeStrategy } = service.spec;
    if (this.#options.zeroDowntime !== false || upgradeStrategy?.type !== undefined) return service;
    return { ...service, spec: { ...service.spec, upgradeStrategy: { ...upgradeStrategy, type: "None" } } };
  }

  async #bring(key: string, service: RayService, signal: AbortSignal): Promise<ReconcileResult> {
    const observed = await this.#observe(service, signal);
    const decision = decideService(observed, this.#context(key));
    this.#readySinceMs.set(key, decision.readySinceMs);
    const results = [await this.#apply(decision.plan, signal)];
    let failure: Error | undefined;
    for (const put of decision.puts) {
      const view = observed.clusters.get(put.clusterName);
      if (view === undefined) continue;
      const { plan, error } = await this.#tell(service, view, put);
      failure ??= error;
      if (plan !== undefined) results.push(await this.#apply(plan, signal));
    }
    this.#polls.follow(key, observed, decision.busy);
    return resultOf(results, failure);
  }

  async #observe(service: RayService, signal: AbortSignal): Promise<ObservedService> {
    const { caches, api } = this.#deps;
    const none = { gateway: undefined, route: undefined };
    const hasGateway =
      isIncremental(service) || service.status?.activeServiceStatus?.trafficRoutedPercent !== undefined;
    const isSuspending = service.status?.conditions?.some(
      ({ type, status }) => type === "Suspending" && status === "True",
    );
    if (!hasGateway && isSuspending !== true) return observeService(service, caches, this.#polls, none);
    const { namespace } = service.metadata;
    const [gateway, route] = await Promise.all([
      unlessUnknown(api.get(gateways, { namespace, name: gatewayName(service) }, { signal })),
      unlessUnknown(api.get(httpRoutes, { namespace, name: routeName(service) }, { signal })),
    ]);
    return observeService(service, caches, this.#polls, { gateway, route });
  }

  /** Sends a config. Its note on the cluster comes after: a death between costs the same config once more. */
  async #tell(service: RayService, view: ServeCluster, put: ServePut): Promise<{ plan?: Plan; error?: Error }> {
    const { name, uid } = view.cluster.metadata;
    const hash = hashAfter(view, put);
    const refused = this.#refused.get(uid);
    if (refused?.hash === hash && refused.untilMs > this.#deps.clock.nowMs()) return {};
    const scope = scopes.config(name);
    try {
      await this.#polls.put(view, configBody(put.config, put.targetCapacity));
      this.#refused.delete(uid);
      const done = normal(
        "UpdatedServeApplications",
        "Update",
        `Sent the Serve config to RayCluster ${name}: ${put.why}`,
      );
      const note = annotateCluster(view.cluster, { [serviceAnnotations.appliedConfig]: hash });
      return { plan: planOf(service, [note, tell(scope, done)]) };
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      const isFinal = !isUnreachable(error);
      if (isFinal) this.#refuse(uid, hash);
      const text = `Could not send the Serve config to RayCluster ${name}: ${error.message}`;
      const actions: Action[] = [tell(scope, warning("FailedToUpdateServeApplications", "Update", text))];
      if (isFinal) actions.push({ kind: "requeue", scope, afterMs: serviceLimits.refusedRetryMs });
      return { plan: planOf(service, actions), ...(isFinal ? {} : { error }) };
    }
  }

  #refuse(uid: string, hash: string): void {
    this.#refused.delete(uid);
    this.#refused.set(uid, { hash, untilMs: this.#deps.clock.nowMs() + serviceLimits.refusedRetryMs });
    const [oldest] = this.#refused.keys();
    if (oldest !== undefined && this.#refused.size > serviceLimits.refusedMax) this.#refused.delete(oldest);
  }

  async #apply(plan: Plan, signal: AbortSignal): Promise<PlanResult> {
    const { api, expectations, recorder, onAction } = this.#deps;
    return await applyPlan(plan, api, {
      expectations,
      recorder,
      signal,
      ...(onAction === undefined ? {} : { onAction }),
    });
  }

  #context(key: string): ServiceContext {
    return {
      options: this.#options.options,
      nowMs: this.#deps.clock.wallMs(),
      random: this.#options.random ?? Math.random,
      readySinceMs: this.#readySinceMs.get(key) ?? new Map(),
    };
  }
}

const parsed = memoParse(parseRayService);

const hashAfter = (view: ServeCluster, put: ServePut): string =>
  configHash(view.cluster, put.config, put.targetCapacity);

/** A config that cannot be read or is refused stays so; a head that does not answer may come back. */
const isUnreachable = (error: Error): boolean =>
  !(error instanceof ConfigRefusedError) && !error.message.includes("serveConfigV2") && error.name !== "YAMLParseError";

/** A cluster without Gateways (404 of the resource) has none. */
const unlessUnknown = async <T>(call: Promise<T | undefined>): Promise<T | undefined> =>
  await call.catch((error: unknown) => {
    if (asKubeError(error)?.isNotFound === true) return undefined;
    throw error;
  });

const resultOf = (results: readonly PlanResult[], failure: Error | undefined): ReconcileResult => {
  const waits = results.map(({ requeueAfterMs }) => requeueAfterMs).filter((wait) => wait !== undefined);
  const [first] = results.flatMap(({ errors }) => [...errors.values()]);
  const error = failure ?? first?.error;
  return {
    ...(waits.length === 0 ? {} : { requeueAfterMs: Math.min(...waits) }),
    ...(error === undefined ? {} : { error }),
  };
};
