import { clusterConditions } from "../api/conditions.ts";
import { annotations, labels } from "../api/names.ts";
import type { RayCluster } from "../api/ray-cluster.ts";
import { conditionIsTrue } from "../cluster/conditions.ts";
import { isHead, isReady, isTerminating } from "../cluster/pod-state.ts";
import { headRevision, workerRevision } from "../cluster/revision.ts";
import { serviceAnnotations } from "./names.ts";
import type { ServeCluster, ServePod } from "./observed-service.ts";
import { configHash, readKeptConfig } from "./serve-config.ts";

/** Head pods that are there to stay. */
export const headsOf = ({ pods }: ServeCluster): readonly ServePod[] =>
  pods.filter(({ pod }) => isHead(pod) && !isTerminating(pod));

/** Pods that get traffic: ready and labelled for it. */
export const servingPods = ({ pods }: ServeCluster): readonly ServePod[] =>
  pods.filter(({ pod }) => isReady(pod) && !isTerminating(pod) && pod.metadata.labels?.[labels.serve] === "true");

/** Whether its Serve REST can be asked. */
export const isReachable = ({ cluster }: ServeCluster): boolean =>
  conditionIsTrue(cluster.status?.conditions, clusterConditions.headPodReady);

/** Whether there is at least one application and all of them run, as the newest answer says. */
export const appsRun = ({ apps }: ServeCluster): boolean => {
  if (apps?.applications === undefined || apps.error !== undefined) return false;
  const all = Object.values(apps.applications);
  return all.length > 0 && all.every(({ status }) => status === "RUNNING");
};

/** The config a cluster should run now: the one kept on it, else what the RayService says. */
export const wantedConfig = ({ cluster }: ServeCluster, ofService: string): string =>
  readKeptConfig(cluster) ?? ofService;

/** Whether its head has taken that config (with that capacity) from us. */
export const isApplied = (view: ServeCluster, ofService: string, targetCapacity: number | undefined): boolean =>
  view.cluster.metadata.annotations?.[serviceAnnotations.appliedConfig] ===
  configHash(view.cluster, wantedConfig(view, ofService), targetCapacity);

/** Whether pods are being exchanged for a changed template. */
export const isRolling = ({ cluster, pods }: ServeCluster): boolean => {
  if (cluster.metadata.annotations?.[annotations.rollingUpdate] !== "true") return false;
  const revisions = revisionsOf(cluster);
  return pods.some(({ pod }) => {
    const group = isHead(pod) ? headKey : (pod.metadata.labels?.[labels.group] ?? "");
    const wanted = revisions.get(group);
    return !isTerminating(pod) && wanted !== undefined && pod.metadata.labels?.[labels.podRevision] !== wanted;
  });
};

/** Whether it is on its way out. */
export const isLeaving = ({ cluster }: ServeCluster): boolean => cluster.metadata.deletionTimestamp !== undefined;

const revisionsOf = (cluster: RayCluster): ReadonlyMap<string, string> =>
  new Map([
    [headKey, headRevision(cluster)],
    ...(cluster.spec.workerGroupSpecs ?? []).map((group): [string, string] => [
      group.groupName,
      workerRevision(cluster, group),
    ]),
  ]);

/** No group can be called so. */
const headKey = "";
