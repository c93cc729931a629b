import type { RoutingSnapshot } from "../../../protocol/routing.ts";
import type { KeptApp, TargetState } from "./target-state.ts";

/** Whether a live replica of this application may have been wanted by somebody whose wish was lost (K2). */
export const isUnexplained = (state: TargetState, appName: string): boolean => {
  if (state.custody?.apps.has(appName) === true) return true;
  const app = state.apps.get(appName);
  if (app !== undefined) return app.graph === null && !app.deleting;
  return state.instance === null && state.custody?.closed !== true;
};

/** The state with these applications in custody as well, as far as nothing explains them. */
export const takeCustody = (
  state: TargetState,
  names: Iterable<string>,
  snapshot: RoutingSnapshot | null,
): TargetState => {
  const apps = new Map(state.custody?.apps);
  for (const name of [...names].toSorted()) {
    if (!apps.has(name) && isUnexplained(state, name)) apps.set(name, keptApp(name, snapshot));
  }
  if (apps.size === (state.custody?.apps.size ?? 0)) return state;
  const http = state.custody?.http ?? snapshot?.http ?? null;
  return { ...state, custody: { http, apps, closed: state.custody?.closed ?? false } };
};

const keptApp = (name: string, snapshot: RoutingSnapshot | null): KeptApp => {
  const own = Object.values(snapshot?.deployments ?? {}).filter(({ app }) => app === name);
  const terms = own.map(({ replicas: _replicas, ...rest }) => [rest.deployment, rest] as const);
  const routes = (snapshot?.routes ?? []).filter(({ app }) => app === name);
  return { name, routes, deployments: new Map(terms) };
};

/** The state without custody of these applications (K1). */
export const releaseApps = (state: TargetState, names: Iterable<string>): TargetState => {
  const { custody } = state;
  if (custody === null) return state;
  const apps = new Map(custody.apps);
  for (const name of names) apps.delete(name);
  if (apps.size === custody.apps.size) return state;
  const isOver = apps.size === 0 && state.instance !== null;
  return { ...state, custody: isOver ? null : { ...custody, apps, closed: true } };
};

/** The state without any custody, for good: Serve is shut down. */
export const closeCustody = (state: TargetState): TargetState => ({
  ...state,
  custody: { http: state.custody?.http ?? null, apps: new Map(), closed: true },
});

/** What people are told; undefined when all that serves was asked for. */
export const custodyNotice = (state: TargetState): string | undefined => {
  const { custody } = state;
  if (custody === null || custody.apps.size === 0) return undefined;
  const names = [...custody.apps.keys()].map((name) => JSON.stringify(name)).join(", ");
  return (
    `The checkpoint of Serve was lost. The replicas of ${names} that live go on serving as they are, but none is ` +
    "started, stopped or replaced. Deploy the applications again: replicas whose code is unchanged are kept."
  );
};
