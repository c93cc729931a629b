import type { ControllerEnv } from "../env.ts";
import type { TargetState } from "../state/target-state.ts";
import type { RoutingContent } from "./routing-publisher.ts";

/** Routes and HTTP options of the snapshot. An application is reachable from its first good build until it is deleted. */
export const routingContent = (state: TargetState, env: Pick<ControllerEnv, "keepAliveTimeoutMs">): RoutingContent => {
  const http = state.instance?.http ?? {};
  const timeoutS = http.request_timeout_s ?? null;
  return {
    http: {
      requestTimeoutMs: timeoutS === null ? null : timeoutS * 1_000,
      keepAliveTimeoutMs:
        env.keepAliveTimeoutMs > 0 ? env.keepAliveTimeoutMs : (http.keep_alive_timeout_s ?? 90) * 1_000,
      rootPath: http.root_path ?? "",
    },
    routes: [...state.apps.values()]
      .flatMap((app) =>
        app.deleting || app.graph === null || app.routePrefix === null
          ? []
          : [{ prefix: app.routePrefix, app: app.name, deployment: app.graph.ingress }],
      )
      .toSorted((left, right) => (left.prefix < right.prefix ? -1 : 1)),
  };
};
