import { serviceConditions, serviceRunning } from "../../api/conditions.ts";
import type { RayService } from "../../api/ray-service.ts";
import type { RayServiceStatus } from "../../api/ray-service-status.ts";
import { conditionIsTrue } from "../../cluster/conditions.ts";
import { digest } from "../../cluster/revision.ts";
import type { Action } from "../../kube/plan.ts";
import { rayServices } from "../../kube/ray-resources.ts";
import { type ServiceContext, scopes, timeText } from "./service-context.ts";

/** Writes the status where it says something new. */
export const writeStatus = (service: RayService, wanted: RayServiceStatus, context: ServiceContext): Action[] => {
  const isReady = conditionIsTrue(wanted.conditions, serviceConditions.ready);
  const { lastUpdateTime: _, ...rest } = wanted;
  const next: RayServiceStatus = {
    ...rest,
    serviceStatus: isReady ? serviceRunning : "",
    ...(service.metadata.generation === undefined ? {} : { observedGeneration: service.metadata.generation }),
  };
  if (comparable(service.status ?? {}) === comparable(next)) return [];
  const status = { ...next, lastUpdateTime: timeText(context.nowMs) };
  return [
    {
      kind: "status",
      resource: rayServices,
      // With its version: who decided by an old status does not write over a newer one.
      object: { ...service, status } as never,
      scope: scopes.clusters,
    },
  ];
};

/** Without what changes by the writing itself. A newer spec that was seen is news, for those who wait for that. */
const comparable = (status: RayServiceStatus): string => {
  const { serviceStatus = "", retiringClusters = [] } = status;
  const own = { lastUpdateTime: undefined };
  return digest({ ...status, ...own, serviceStatus, retiringClusters }, 24);
};
