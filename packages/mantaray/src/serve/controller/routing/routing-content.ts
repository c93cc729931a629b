import type { HttpOptions } from "../../config/index.ts";
import type { ControllerEnv } from "../env.ts";
import type { TargetState } from "../state/target-state.ts";
import type { RoutingContent } from "./routing-publisher.ts";

/**
 * Routes and HTTP options of the snapshot. An application is reachable from its first good build until it is
 * deleted, one in custody until it is released. Undefined: nothing may be published, for what serves is known
 * but not how it is reached.
 */
export const routingContent = (
  state: TargetState,
  env: Pick<ControllerEnv, "keepAliveTimeoutMs">,
): RoutingContent | undefined => {
  const { instance, custody } = state;
  if (instance === null && custody?.http === null) return undefined;
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
