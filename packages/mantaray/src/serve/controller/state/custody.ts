import type { ActorRecord } from "../../../protocol/actor.ts";
import type { RoutingSnapshot } from "../../../protocol/routing.ts";
import { parseReplicaName } from "../deployment/replica-name.ts";
import type { Custody, KeptApp, TargetState } from "./target-state.ts";

/** Custody of all live replicas, as a controller without a checkpoint finds them; null when none lives. */
export const takeCustody = (live: Iterable<ActorRecord>, snapshot: RoutingSnapshot | null): Custody | null => {
  const names = new Set<string>();
  for (const { spec } of live) {
    const replica = parseReplicaName(spec.name);
    if (replica !== undefined) names.add(replica.app);
  }
  if (names.size === 0) return null;
  const deployments = Object.values(snapshot?.deployments ?? {});
  const apps = [...names].toSorted().map((name): readonly [string, KeptApp] => {
    const own = deployments.filter(({ app }) => app === name);
    const terms = own.map(({ replicas: _replicas, ...rest }) => [rest.deployment, rest] as const);
    const routes = (snapshot?.routes ?? []).filter(({ app }) => app === name);
    return [name, { name, routes, deployments: new Map(terms) }];
  });
  return { http: snapshot?.http ?? null, apps: new Map(apps) };
};

/** The state without custody of these applications (K1). */
export const releaseApps = (state: TargetState, names: Iterable<string>): TargetState => {
  const { custody } = state;
  if (custody === null) return state;
  const apps = new Map(custody.apps);
  for (const name of names) apps.delete(name);
  if (apps.size === custody.apps.size) return state;
  return { ...state, custody: apps.size === 0 ? null : { ...custody, apps } };
};

/** What people are told; undefined when all that serves was asked for. */
export const custodyNotice = (state: TargetState): string | undefined => {
  const { custody } = state;
  if (custody === null) return undefined;
  const names = [...custody.apps.keys()].map((name) => JSON.stringify(name)).join(", ");
  return (
    `The checkpoint of Serve was lost. The replicas of ${names} that live go on serving as they are, but none is ` +
    "started, stopped or replaced. Deploy the applications again: replicas whose code is unchanged are kept."
  );
};
