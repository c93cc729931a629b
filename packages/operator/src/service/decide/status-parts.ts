import type { ApplicationStatus, ClusterServiceStatus, RayServiceStatus } from "../../api/ray-service-status.ts";
import type { ServeCluster } from "../observed-service.ts";
import type { ServeApplications } from "../serve-client.ts";

/** Figures of an incremental upgrade. */
export interface TrafficStatus {
  readonly targetCapacity?: number | undefined;
  readonly trafficRoutedPercent?: number | undefined;
  readonly lastTrafficMigratedTime?: string | undefined;
}

/** `activeServiceStatus` or `pendingServiceStatus`; what is not known now stays as it was. */
export const clusterServiceStatus = (
  name: string | undefined,
  view: ServeCluster | undefined,
  former: RayServiceStatus | undefined,
  traffic: TrafficStatus,
): ClusterServiceStatus | undefined => {
  if (name === undefined) return undefined;
  const before = [former?.activeServiceStatus, former?.pendingServiceStatus].find((it) => it?.rayClusterName === name);
  const applications = view?.apps?.applications;
  const statuses = applications === undefined ? before?.applicationStatuses : applicationStatuses(applications);
  return withoutUndefined({
    rayClusterName: name,
    rayClusterStatus: view?.cluster.status ?? before?.rayClusterStatus,
    applicationStatuses: statuses,
    targetCapacity: traffic.targetCapacity,
    trafficRoutedPercent: traffic.trafficRoutedPercent,
    lastTrafficMigratedTime: traffic.lastTrafficMigratedTime,
  });
};

const applicationStatuses = (applications: ServeApplications): Record<string, ApplicationStatus> =>
  Object.fromEntries(
    Object.entries(applications).map(([name, { status, message, deployments }]) => [
      name === "" ? "default" : name,
      {
        status,
        ...(message === "" ? {} : { message }),
        serveDeploymentStatuses: Object.fromEntries(
          Object.entries(deployments).map(([deployment, its]) => [
            deployment,
            { status: its.status, ...(its.message === "" ? {} : { message: its.message }) },
          ]),
        ),
      },
    ]),
  );

/** A copy without the fields that are not there. */
export const withoutUndefined = <T extends object>(
  value: {
    [K in keyof T]: T[K] | undefined;
  },
): T => Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
