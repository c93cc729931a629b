import { MantaError } from "../../../base/errors.ts";
import {
  type ApplicationConfig,
  appName,
  appRoute,
  type DeployConfig,
  hash,
  proxyLocation,
} from "../../config/index.ts";
import { nextDeploymentStatus } from "../status/deployment-status.ts";
import { releaseApps } from "./custody.ts";
import { type AppTarget, type InstanceOptions, type TargetState, withApp } from "./target-state.ts";

/** A deploy call turned into a new target state. */
export interface DeployResult {
  readonly state: TargetState;
  /** Names of the applications that must be built. */
  readonly builds: readonly string[];
  /** For the log: what was accepted but has no effect. */
  readonly warnings: readonly string[];
}

/**
 * The goal-state replace of a deploy call. Declarative applications that the config does not list are
 * deleted, imperative ones are kept; an imperative deploy only adds and replaces. Throws `invalid_config`
 * where a route belongs to an application that stays.
 */
export const deployApps = (
  before: TargetState,
  config: DeployConfig,
  source: AppTarget["source"],
  nowMs: number,
): DeployResult => {
  const listed = new Map(config.applications.map((app) => [appName(app), app]));
  const apps = new Map(before.apps);
  if (source === "declarative") {
    for (const [name, app] of before.apps) {
      if (app.source === "declarative" && !listed.has(name)) apps.set(name, markDeleting(app));
    }
  }
  refuseTakenRoutes(apps, listed);
  for (const [name, app] of listed) apps.set(name, submit(before.apps.get(name), name, app, source, nowMs));
  const instance = instanceOptions(config);
  const kept = [...(before.custody?.apps.keys() ?? [])];
  // K1: a goal state names everything that shall be; what it does not name goes.
  const released = source === "declarative" ? kept.filter((name) => !listed.has(name)) : [];
  const state = {
    ...before,
    instance: before.instance ?? instance,
    targetCapacityPercent: source === "declarative" ? (config.target_capacity ?? null) : before.targetCapacityPercent,
    apps,
  };
  return {
    state: releaseApps(state, released),
    builds: [...listed.keys()],
    warnings: before.instance === null ? [] : fixedOptionWarnings(before.instance, instance, config),
  };
};

/** Marks applications for deletion. Unknown names are ignored: deleting twice is deleting once. */
export const deleteApps = (state: TargetState, names: readonly string[]): TargetState => {
  let next = releaseApps(state, names);
  for (const name of names) next = withApp(next, name, markDeleting);
  return next;
};

const markDeleting = (app: AppTarget): AppTarget => {
  if (app.deleting) return app;
  const deployments = [...app.deployments].map(
    ([name, deployment]) =>
      [name, { ...deployment, deleting: true, status: nextDeploymentStatus(deployment.status, "DELETE") }] as const,
  );
  return { ...app, deleting: true, generation: app.generation + 1, deployments: new Map(deployments) };
};

const submit = (
  before: AppTarget | undefined,
  name: string,
  config: ApplicationConfig,
  source: AppTarget["source"],
  nowMs: number,
): AppTarget => ({
  name,
  source,
  config,
  deployedAtMs: nowMs,
  generation: (before?.generation ?? 0) + 1,
  build: { state: "pending" },
  graph: before?.graph ?? null,
  routePrefix: before === undefined ? appRoute(config) : before.routePrefix,
  // What is being deleted stays so until the build says that it is wanted again.
  deployments: before?.deployments ?? new Map(),
  deleting: false,
});

const refuseTakenRoutes = (
  apps: ReadonlyMap<string, AppTarget>,
  listed: ReadonlyMap<string, ApplicationConfig>,
): void => {
  const taken = new Map<string, string>();
  for (const [name, app] of apps) {
    const route = appRoute(app.config);
    if (!app.deleting && !listed.has(name) && route !== null) taken.set(route, name);
  }
  for (const [name, app] of listed) {
    const route = appRoute(app);
    const owner = route === null ? undefined : taken.get(route);
    if (owner !== undefined) {
      throw new MantaError(
        "invalid_config",
        `route_prefix of application ${JSON.stringify(name)}: ${JSON.stringify(route)} belongs to application ${JSON.stringify(owner)}`,
      );
    }
  }
};

const instanceOptions = (config: DeployConfig): InstanceOptions => ({
  proxyLocation: proxyLocation(config),
  http: config.http_options ?? {},
  grpc: config.grpc_options ?? {},
  logging: config.logging_config ?? null,
});

const fixedOptionWarnings = (now: InstanceOptions, asked: InstanceOptions, config: DeployConfig): string[] => {
  const pairs = [
    ["proxy_location", config.proxy_location !== undefined, now.proxyLocation, asked.proxyLocation],
    ["http_options", config.http_options !== undefined, now.http, asked.http],
    ["grpc_options", config.grpc_options !== undefined, now.grpc, asked.grpc],
  ] as const;
  return pairs
    .filter(([, given, present, wanted]) => given && hash(present) !== hash(wanted))
    .map(([name]) => `${name} cannot change while Serve runs: the new value is ignored until Serve is shut down`);
};
