import { hostname } from "node:os";
import type { Cluster } from "../actor/index.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { ControlPlane } from "./control-plane.ts";
import { Guard } from "./guard/guard.ts";
import { allowedHostNames } from "./guard/host.ts";
import type { ApiRequest } from "./http/api-request.ts";
import { Router } from "./http/router.ts";
import { type ApiServer, listenApi } from "./http/server.ts";
import { authenticationRoutes } from "./routes/authentication.ts";
import { clusterStatusRoutes } from "./routes/cluster-status.ts";
import { drainRoutes } from "./routes/drain-node.ts";
import { healthRoutes } from "./routes/health.ts";
import { nodeRoutes } from "./routes/nodes.ts";
import { pageRoutes } from "./routes/page.ts";
import { scaleRoutes } from "./routes/scale.ts";
import { serveApplicationsRoutes } from "./routes/serve-applications.ts";
import { stateRoutes } from "./routes/state.ts";
import { versionRoutes } from "./routes/version.ts";

/** What the API server is made of. */
export interface DashboardOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly cluster: Cluster;
  /** Empty: no token is asked for. */
  readonly token: string;
  /** Names and addresses of this machine that a client may call us by. */
  readonly hostNames: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Starts the API server: stateless, everything it says it asks the control store and the controller. */
export const startDashboard = (options: DashboardOptions): Promise<ApiServer> => {
  const { cluster, clock, log, token } = options;
  const controlPlane = new ControlPlane({ cluster, clock, log });
  const hostNames = allowedHostNames([options.host, hostname(), ...options.hostNames], options.env);
  const guard = new Guard({ token, hostNames, clock });
  const authenticated = (request: ApiRequest): boolean =>
    guard.authenticated({
      authorization: request.header("authorization"),
      "x-ray-authorization": request.header("x-ray-authorization"),
      cookie: request.header("cookie"),
    });
  const router = new Router([
    ...pageRoutes({ controlPlane, token, clock, log, authenticated }),
    ...healthRoutes(controlPlane, log),
    ...versionRoutes(controlPlane, log),
    ...authenticationRoutes(token, clock),
    ...serveApplicationsRoutes(controlPlane),
    ...scaleRoutes(controlPlane),
    ...nodeRoutes(controlPlane),
    ...stateRoutes(controlPlane),
    ...drainRoutes(controlPlane),
    ...clusterStatusRoutes(controlPlane, clock),
  ]);
  return listenApi({ host: options.host, port: options.port, router, guard, log });
};
