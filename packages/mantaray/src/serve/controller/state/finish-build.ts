import { MantaError } from "../../../base/errors.ts";
import {
  appRoute,
  type CodeOptions,
  codeOptionsSchema,
  compareConfigs,
  type DeploymentCode,
  type DeploymentConfig,
  describeIssues,
  hash,
  nearestName,
  parseImportPath,
  type ResolvedDeployment,
  resolveDeployment,
  settingsOf,
  versionOf,
} from "../../config/index.ts";
import {
  type DeploymentStatusEvent,
  type DeploymentStatusInfo,
  nextDeploymentStatus,
} from "../status/deployment-status.ts";
import { releaseApps } from "./custody.ts";
import { type AppTarget, type DeploymentTarget, type Revision, type TargetState, withApp } from "./target-state.ts";

/** A deployment as the build found it. */
export interface BuiltDeployment {
  readonly name: string;
  /** What its code sets, in the reference's spelling. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Deployments it holds handles to. */
  readonly outbound: readonly string[];
}

export type BuildOutcome =
  | {
      readonly ok: true;
      readonly bundleId: string;
      readonly ingress: string;
      readonly deployments: readonly BuiltDeployment[];
    }
  | { readonly ok: false; readonly message: string };

/**
 * Turns the outcome of a build into new targets of the application's deployments. An outcome of an
 * overtaken deploy changes nothing. A failed build leaves every deployment as it was: what runs goes on.
 */
export const finishBuild = (
  state: TargetState,
  appName: string,
  generation: number,
  outcome: BuildOutcome,
): TargetState => {
  const next = withApp(state, appName, (app) => {
    if (app.generation !== generation || app.deleting) return app;
    if (!outcome.ok) return buildFailed(app, outcome.message);
    try {
      return retarget(app, outcome);
    } catch (error) {
      return buildFailed(app, MantaError.from(error).rawMessage);
    }
  });
  // K1: from now on there is a target for what lives.
  return next.apps.get(appName)?.build.state === "done" ? releaseApps(next, [appName]) : next;
};

const buildFailed = (app: AppTarget, message: string): AppTarget => ({
  ...app,
  build: {
    state: "failed",
    message: app.deployments.size === 0 ? message : `${message}\nThe version deployed before keeps serving.`,
  },
});

const retarget = (app: AppTarget, outcome: Extract<BuildOutcome, { ok: true }>): AppTarget => {
  const overrides = new Map((app.config.deployments ?? []).map((override) => [override.name, override]));
  refuseUnknownOverrides(overrides, outcome.deployments);
  const code: DeploymentCode = {
    bundleId: outcome.bundleId,
    exportName: parseImportPath(app.config.import_path).exportName,
    builderArgs: app.config.args ?? {},
  };
  const deployments = new Map<string, DeploymentTarget>();
  for (const built of outcome.deployments) {
    const resolved = resolve(app, built, overrides.get(built.name));
    const revision = { version: versionOf(code, resolved), settings: settingsOf(resolved), code, resolved };
    deployments.set(built.name, retargetDeployment(app.deployments.get(built.name), built.name, revision));
  }
  for (const [name, before] of app.deployments) {
    if (deployments.has(name)) continue;
    deployments.set(name, { ...before, deleting: true, status: nextDeploymentStatus(before.status, "DELETE") });
  }
  return {
    ...app,
    build: { state: "done" },
    graph: {
      bundleId: outcome.bundleId,
      ingress: outcome.ingress,
      outbound: new Map(outcome.deployments.map((built) => [built.name, built.outbound])),
    },
    routePrefix: appRoute(app.config),
    deployments,
  };
};

const refuseUnknownOverrides = (
  overrides: ReadonlyMap<string, DeploymentConfig>,
  built: readonly BuiltDeployment[],
): void => {
  const names = built.map((deployment) => deployment.name);
  for (const name of overrides.keys()) {
    if (names.includes(name)) continue;
    const nearest = nearestName(name, names);
    const hint = nearest === undefined ? `it has: ${names.join(", ")}` : `did you mean ${JSON.stringify(nearest)}?`;
    throw new MantaError(
      "invalid_config",
      `the config names deployment ${JSON.stringify(name)}, which the application does not have (${hint})`,
    );
  }
};

const resolve = (
  app: AppTarget,
  built: BuiltDeployment,
  override: DeploymentConfig | undefined,
): ResolvedDeployment => {
  const options = codeOptionsSchema.safeParse(built.options, { reportInput: true });
  if (!options.success) {
    throw new MantaError("invalid_config", describeIssues(options.error.issues, `deployment ${built.name}`));
  }
  const code: CodeOptions = options.data;
  return resolveDeployment(built.name, {
    appDefaults: { logging_config: app.config.logging_config, env_vars: app.config.runtime_env?.env_vars },
    code,
    override,
  });
};

const firstStatus: DeploymentStatusInfo = { status: "UPDATING", trigger: "CONFIG_UPDATE_STARTED", message: "" };

const retargetDeployment = (
  before: DeploymentTarget | undefined,
  name: string,
  revision: Revision,
): DeploymentTarget => {
  if (before === undefined) {
    return {
      name,
      target: revision,
      stable: null,
      failure: null,
      replicasByHand: null,
      deleting: false,
      status: { ...firstStatus, message: scalingNote(revision.resolved) },
    };
  }
  const event = changeEvent(before, revision);
  const countChanged = before.target.resolved.num_replicas !== revision.resolved.num_replicas;
  return {
    ...before,
    target: revision,
    // A new deploy tries again what failed before.
    failure: null,
    replicasByHand: countChanged ? null : before.replicasByHand,
    deleting: false,
    status: event === null ? before.status : nextDeploymentStatus(before.status, event, scalingNote(revision.resolved)),
  };
};

/** What the change is to the status machine; null: nothing of it shows. */
const changeEvent = (before: DeploymentTarget, after: Revision): DeploymentStatusEvent | null => {
  const old = before.target;
  if (before.deleting || before.failure !== null) return "CONFIG_UPDATE";
  const change = compareConfigs(old, after);
  if (change !== "controller_only") return change === "none" ? null : "CONFIG_UPDATE";
  const { num_replicas: oldCount, ...oldRest } = old.resolved;
  const { num_replicas: newCount, ...newRest } = after.resolved;
  if (hash(oldRest) !== hash(newRest)) return "CONFIG_UPDATE";
  return newCount > oldCount ? "MANUAL_UP" : "MANUAL_DOWN";
};

/** Said openly rather than passed over: the count does not follow the load yet. */
export const scalingNote = (resolved: ResolvedDeployment): string =>
  resolved.autoscaling_config === null
    ? ""
    : `autoscaling is accepted but does not act yet: the deployment keeps ${resolved.num_replicas} replica(s)`;
