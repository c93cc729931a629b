import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { ActorRecord } from "../../protocol/actor.ts";
import type { ControllerService } from "../../protocol/controller.ts";
import type { Implementation } from "../../rpc/index.ts";
import { parseDeployConfig } from "../config/index.ts";
import type { Controller } from "./controller.ts";
import { serveDetails } from "./details.ts";
import { controllerLimits } from "./limits.ts";
import type { Shutdown } from "./shutdown.ts";
import { deleteApps, deployApps } from "./state/deploy-apps.ts";
import { scaleDeployment } from "./state/scale-deployment.ts";

/** What the calls act on. */
export interface ControllerCallsDeps {
  readonly controller: Controller;
  readonly shutdown: Shutdown;
  readonly self: ActorRecord;
  readonly clock: Clock;
  readonly log: Log;
}

/** The service that the API server and the CLI call. Each call is answered once the wish is written down; the work goes on after. */
export const controllerCalls = (deps: ControllerCallsDeps): Implementation<ControllerService> => {
  const { controller, shutdown, clock, log } = deps;
  const open = async (): Promise<void> => {
    await controller.ready(controllerLimits.callTimeoutMs);
    if (shutdown.begun) throw new MantaError("unavailable", "Serve is shutting down");
  };
  return {
    deploy: async ({ config: value, source }) => {
      const config = parseDeployConfig(value);
      await open();
      const nowMs = clock.wallMs();
      let warnings: readonly string[] = [];
      await controller.store.commit((state) => {
        const result = deployApps(state, config, source, nowMs);
        ({ warnings } = result);
        return result.state;
      });
      for (const warning of warnings) log.warn(warning);
      log.info({ source, apps: config.applications.length }, "a deploy was accepted");
      return {};
    },
    details: async ({ source }) => {
      await controller.ready(controllerLimits.callTimeoutMs);
      const details = serveDetails({
        state: controller.store.state,
        controller: deps.self,
        cluster: controller.cluster,
        proxies: controller.proxies.all(),
        replicasOf: (app, deployment) => {
          const replicas = controller.reconciler(app, deployment)?.replicas;
          return { live: replicas?.all() ?? [], dead: replicas?.dead ?? [] };
        },
        source,
      });
      return { details };
    },
    deleteApps: async ({ names }) => {
      await open();
      await controller.store.commit((state) => deleteApps(state, names));
      return {};
    },
    scale: async ({ app, deployment, replicas }) => {
      await open();
      await controller.store.commit((state) => scaleDeployment(state, app, deployment, replicas));
      return {};
    },
    shutdown: async () => {
      await controller.ready(controllerLimits.callTimeoutMs);
      await shutdown.begin();
      return {};
    },
  };
};
