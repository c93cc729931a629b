import type { Route, RoutingDeployment, RoutingSnapshot } from "../../../protocol/routing.ts";
import type {
  ApplicationConfig,
  DeploymentCode,
  HttpOptions,
  LoggingConfig,
  ProxyLocation,
  ResolvedDeployment,
} from "../../config/index.ts";
import type { DeploymentStatusInfo } from "../status/deployment-status.ts";

/** One thing that a deployment can be asked to run. */
export interface Revision {
  /** Hash of what only a new process can take over. */
  readonly version: string;
  /** Hash of what live replicas take over in place. */
  readonly settings: string;
  readonly code: DeploymentCode;
  readonly resolved: ResolvedDeployment;
}

/** What one deployment shall be, and how it fared. */
export interface DeploymentTarget {
  readonly name: string;
  readonly target: Revision;
  /** The last revision that ran in full: what the deployment returns to when `target` does not start. */
  readonly stable: Revision | null;
  /** Why `target` was given up; null: it was not. */
  readonly failure: string | null;
  /** Replicas asked for by a scale call; null: as the config says. */
  readonly replicasByHand: number | null;
  readonly deleting: boolean;
  readonly status: DeploymentStatusInfo;
}

/** The deployments of an application as the build found them. */
export interface AppGraph {
  readonly bundleId: string;
  readonly ingress: string;
  readonly outbound: ReadonlyMap<string, readonly string[]>;
}

export type BuildState =
  | { readonly state: "pending" }
  | { readonly state: "done" }
  | { readonly state: "failed"; readonly message: string };

/** What one application shall be. */
export interface AppTarget {
  readonly name: string;
  readonly source: "declarative" | "imperative";
  /** Exactly as submitted. */
  readonly config: ApplicationConfig;
  readonly deployedAtMs: number;
  /** Rises with each deploy of this application: a build that is overtaken is thrown away. */
  readonly generation: number;
  readonly build: BuildState;
  /** Of the newest good build; null before the first. */
  readonly graph: AppGraph | null;
  /** The route of the newest good build: the old version keeps its own until then. */
  readonly routePrefix: string | null;
  readonly deployments: ReadonlyMap<string, DeploymentTarget>;
  readonly deleting: boolean;
}

/** Cluster-wide options: fixed by the first deploy. */
export interface InstanceOptions {
  readonly proxyLocation: ProxyLocation;
  readonly http: HttpOptions;
  readonly grpc: Readonly<Record<string, unknown>>;
  readonly logging: LoggingConfig | null;
}

/** How callers treat a deployment, without its replicas. */
export type RoutingTerms = Omit<RoutingDeployment, "replicas">;

/** An application of which only this is left: the replicas that live, and what was last published of it. */
export interface KeptApp {
  readonly name: string;
  readonly routes: readonly Route[];
  readonly deployments: ReadonlyMap<string, RoutingTerms>;
}

/**
 * Applications that serve although no checkpoint knows them: it was lost while no controller lived. Nobody
 * asked for their end, so they go on as they are, and nothing of them is started, stopped or repaired, until
 * somebody says what shall be.
 *
 * K1  An application leaves custody when a build of it has succeeded, when a declarative deploy does not
 *     list it, when it is deleted, or when Serve is shut down. Never by time.
 * K2  Before anybody has deployed, nothing that lives is unwanted, and neither is what lives of an application
 *     whose first build is not done: it is taken in whenever it turns up (a control store without data hears of
 *     what lives from one node after the other).
 * K3  Its routes and terms are those of the last snapshot; its replicas are those that live.
 */
export interface Custody {
  /** Null: no snapshot was found either, and so none is published. */
  readonly http: RoutingSnapshot["http"] | null;
  readonly apps: ReadonlyMap<string, KeptApp>;
  /** Somebody has said what shall go: what turns up later is not taken in. */
  readonly closed: boolean;
}

/** Everything people asked of this Serve instance. Immutable; written to the control store before it counts. */
export interface TargetState {
  /** Null before the first deploy. */
  readonly instance: InstanceOptions | null;
  readonly targetCapacityPercent: number | null;
  readonly apps: ReadonlyMap<string, AppTarget>;
  /** What serves without having been asked for; null in all but one case (see `Custody`). */
  readonly custody: Custody | null;
}

export const emptyTargetState: TargetState = {
  instance: null,
  targetCapacityPercent: null,
  apps: new Map(),
  custody: null,
};

/** The revision that replicas shall run: the target, or what was stable before it failed. */
export const effectiveRevision = (deployment: DeploymentTarget): Revision =>
  deployment.failure !== null && deployment.stable !== null ? deployment.stable : deployment.target;

/** Whether the deployment gave up its target and has nothing to return to. */
export const hasGivenUp = (deployment: DeploymentTarget): boolean =>
  deployment.failure !== null && deployment.stable === null;

/** One deployment of one application. */
export const findDeployment = (state: TargetState, app: string, deployment: string): DeploymentTarget | undefined =>
  state.apps.get(app)?.deployments.get(deployment);

/** The state with one application changed; unchanged when there is no such application. */
export const withApp = (state: TargetState, name: string, change: (app: AppTarget) => AppTarget): TargetState => {
  const app = state.apps.get(name);
  if (app === undefined) return state;
  const next = change(app);
  return next === app ? state : { ...state, apps: new Map(state.apps).set(name, next) };
};

/** The state with one deployment changed; unchanged when there is no such deployment. */
export const withDeployment = (
  state: TargetState,
  appName: string,
  name: string,
  change: (deployment: DeploymentTarget) => DeploymentTarget,
): TargetState =>
  withApp(state, appName, (app) => {
    const deployment = app.deployments.get(name);
    if (deployment === undefined) return app;
    const next = change(deployment);
    return next === deployment ? app : { ...app, deployments: new Map(app.deployments).set(name, next) };
  });

/** The state without an application. */
export const withoutApp = (state: TargetState, name: string): TargetState => {
  const apps = new Map(state.apps);
  return apps.delete(name) ? { ...state, apps } : state;
};

/** The state without a deployment. */
export const withoutDeployment = (state: TargetState, appName: string, name: string): TargetState =>
  withApp(state, appName, (app) => {
    const deployments = new Map(app.deployments);
    return deployments.delete(name) ? { ...app, deployments } : app;
  });

/** The state without an application that was to go and of which nothing is left. */
export const dropIfEmpty = (state: TargetState, name: string): TargetState => {
  const app = state.apps.get(name);
  return app?.deleting === true && app.deployments.size === 0 ? withoutApp(state, name) : state;
};
