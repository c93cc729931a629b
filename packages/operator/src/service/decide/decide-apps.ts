import type { Action } from "../../kube/plan.ts";
import { isApplied, isReachable, wantedConfig } from "../cluster-view.ts";
import { serviceAnnotations } from "../names.ts";
import type { ObservedService, ServeCluster } from "../observed-service.ts";
import { configApplications, isKeepable, keptConfig, readKeptConfig } from "../serve-config.ts";
import { annotateCluster } from "./cluster-actions.ts";
import type { ClustersGoal } from "./decide-clusters.ts";
import { scopes, tell, warning } from "./service-context.ts";

/** A config to send to a head. */
export interface ServePut {
  readonly clusterName: string;
  readonly config: string;
  readonly targetCapacity: number | undefined;
  /** Why, for the event. */
  readonly why: string;
}

/** What is to be done about applications. */
export interface AppsGoal {
  readonly actions: readonly Action[];
  readonly puts: readonly ServePut[];
}

/** `target_capacity` of the two clusters of an incremental upgrade. */
export interface Capacities {
  readonly active?: number | undefined;
  readonly pending?: number | undefined;
  /** The pending cluster is on its way out: its config stays as it is. */
  readonly rollingBack?: boolean;
}

/**
 * Which config each cluster runs, and which have to be told (reference, section 4.6). A1: the config of the RayService
 * goes to the pending cluster only, as long as there is one; the active one keeps its own and is repaired with that.
 * A2: while pods of a new template come, the config that goes with it waits for them.
 */
export const decideApps = (observed: ObservedService, goal: ClustersGoal, capacities: Capacities): AppsGoal => {
  const goals: AppsGoal[] = [];
  const active = goal.activeName === undefined ? undefined : observed.clusters.get(goal.activeName);
  const pending = goal.pendingName === undefined ? undefined : observed.clusters.get(goal.pendingName);
  const text = observed.service.spec.serveConfigV2 ?? "";
  if (pending !== undefined)
    goals.push(clusterApps(pending, text, { changes: capacities.rollingBack !== true, capacity: capacities.pending }));
  if (active !== undefined) {
    const changes = goal.pendingName === undefined && goal.rolling === undefined;
    goals.push(clusterApps(active, text, { changes, capacity: capacities.active }));
  }
  return { actions: goals.flatMap(({ actions }) => actions), puts: goals.flatMap(({ puts }) => puts) };
};

const clusterApps = (
  view: ServeCluster,
  ofService: string,
  how: { readonly changes: boolean; readonly capacity: number | undefined },
): AppsGoal => {
  const kept = readKeptConfig(view.cluster);
  const isNew = how.changes && kept !== ofService && (kept !== undefined || isKeepable(ofService));
  const actions = isNew ? keep(view, ofService) : [];
  if (!isReachable(view)) return { actions, puts: [] };
  const config = how.changes ? ofService : wantedConfig(view, ofService);
  // Nothing is kept of a cluster that another operator has made: until its upgrade is over, what it runs is not ours to say.
  if (!how.changes && kept === undefined) return { actions, puts: [] };
  const why = putReason(view, config, { isNew, ...how });
  const put = { clusterName: view.cluster.metadata.name, config, targetCapacity: how.capacity };
  return { actions, puts: why === undefined ? [] : [{ ...put, why }] };
};

/** Why the head has to be told; undefined: it knows. */
const putReason = (
  view: ServeCluster,
  config: string,
  how: { readonly isNew: boolean; readonly changes: boolean; readonly capacity: number | undefined },
): string | undefined => {
  if (how.isNew) return "its config has changed";
  if (how.changes && !isApplied(view, config, how.capacity)) return "it has not been told yet";
  if (!how.changes && how.capacity !== undefined && !isApplied(view, config, how.capacity))
    return "its capacity has changed";
  const { apps } = view;
  // No good answer to look at: not the moment to say that something is missing.
  if (apps?.applications === undefined || apps.error !== undefined) return undefined;
  const names = configApplications(config) ?? [];
  const missing = names.filter((name) => !isKnown(apps.applications ?? {}, name));
  return missing.length === 0 ? undefined : `it has lost ${missing.slice(0, 3).join(", ")}`;
};

const isKnown = (applications: object, name: string): boolean =>
  name in applications || (name === "default" && "" in applications);

const keep = ({ cluster }: ServeCluster, text: string): Action[] => {
  const scope = scopes.config(cluster.metadata.name);
  const kept = keptConfig(text);
  const note = annotateCluster(cluster, {
    [serviceAnnotations.serveConfig]: kept[serviceAnnotations.serveConfig] ?? null,
  });
  if (isKeepable(text)) return [note];
  // Without a note the config is the RayService's own; only an upgrade without fault tolerance would miss it.
  const had = cluster.metadata.annotations?.[serviceAnnotations.serveConfig] !== undefined;
  return had ? [note, tell(scope, warning("ServeConfigNotKept", "Update", tooLong))] : [];
};

const tooLong =
  "spec.serveConfigV2 is too long to be kept on its cluster: a head without fault tolerance that dies during an upgrade stays without applications until the upgrade is over";
