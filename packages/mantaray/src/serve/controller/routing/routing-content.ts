import type { HttpOptions } from "../../config/index.ts";
import type { ControllerEnv } from "../env.ts";
import type { TargetState } from "../state/target-state.ts";
import type { RoutingContent } from "./routing-publisher.ts";

/**
 * Routes and HTTP options of the snapshot. An application is reachable from its first good build until it is
 * deleted, one in custody until it is released. Undefined: nothing may be published. Nobody has deployed, and
 * it is not known what was published before; or nothing was found of that, and no application has been built yet:
 * what serves may still turn up.
 */
export const routingContent = (
  state: TargetState,
  env: Pick<ControllerEnv, "keepAliveTimeoutMs">,
  knowsLast: boolean,
): RoutingContent | undefined => {
  const { instance, custody } = state;
  if (instance === null && (custody?.http ?? null) === null) return undefined;
  const all = [...state.apps.values()];
  const waits = all.some(({ build }) => build.state === "pending") && all.every(({ graph }) => graph === null);
  if (!knowsLast && waits) return undefined;
  const routes = [...state.apps.values()].flatMap((app) =>
    app.deleting || app.graph === null || app.routePrefix === null
      ? []
      : [{ prefix: app.routePrefix, app: app.name, deployment: app.graph.ingress }],
  );
  const taken = new Set(routes.map(({ prefix }) => prefix));
  const kept = [...(custody?.apps.values() ?? [])].flatMap((app) => app.routes);
  return {
    http: instance === null && custody?.http != null ? custody.http : httpOf(instance?.http ?? {}, env),
    routes: [...routes, ...kept.filter(({ prefix }) => !taken.has(prefix))].toSorted((left, right) =>
      left.prefix < right.prefix ? -1 : 1,
    ),
  };
};

const httpOf = (http: HttpOptions, env: Pick<ControllerEnv, "keepAliveTimeoutMs">): RoutingContent["http"] => {
  const timeoutS = http.request_timeout_s ?? null;
  return {
    requestTimeoutMs: timeoutS === null ? null : timeoutS * 1_000,
    keepAliveTimeoutMs: env.keepAliveTimeoutMs > 0 ? env.keepAliveTimeoutMs : (http.keep_alive_timeout_s ?? 90) * 1_000,
    rootPath: http.root_path ?? "",
  };
};
