import { annotations, kinds, labels, labelValues } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import type { HeadGroupSpec, WorkerGroupSpec } from "../../api/ray-cluster-spec.ts";
import { checkLabel } from "./names.ts";

type Texts = Record<string, string>;

/** Labels of everything that belongs to a cluster and is no pod. */
export const clusterLabels = (cluster: RayCluster): Texts => ({
  [labels.cluster]: cluster.metadata.name,
  [labels.appName]: labelValues.appName,
  [labels.createdBy]: labelValues.createdBy,
});

/** Labels of the head Service, and what it selects by; the head template may give some of them other values. */
export const headServiceLabels = (cluster: RayCluster): Texts => {
  const own = { ...nodeLabels(cluster, labelValues.head) };
  const user: Texts = cluster.spec.headGroupSpec.template.metadata?.labels ?? {};
  const overridden = Object.entries(own).map(([key, value]) => [key, fixed.has(key) ? value : (user[key] ?? value)]);
  return Object.fromEntries(overridden) as Texts;
};

/** Labels of a head pod. */
export const headPodLabels = (cluster: RayCluster): Texts =>
  merged(cluster, labelValues.head, labelValues.headGroup, cluster.spec.headGroupSpec, serveLabel(cluster, "false"));

/** Labels of a worker pod, but for those that say which replica it is. */
export const workerPodLabels = (cluster: RayCluster, group: WorkerGroupSpec): Texts =>
  merged(cluster, labelValues.worker, group.groupName, group, serveLabel(cluster, "true"));

/** Whether a pod of a RayService takes requests; a head's is changed once its proxy answers. */
const serveLabel = (cluster: RayCluster, value: string): Texts =>
  createdByService(cluster) ? { [labels.serve]: value } : {};

/** Whether a RayService made the cluster. */
export const createdByService = (cluster: RayCluster): boolean => originOf(cluster) === kinds.rayService;

/** Kind of what made the cluster: `RayService`, `RayJob`, else `RayCluster`. */
export const originOf = (cluster: RayCluster): string =>
  cluster.metadata.labels?.[labels.originatedFromKind] ?? kinds.rayCluster;

/** Selects a cluster's pods of one type. */
export const podSelector = (cluster: string, nodeType: string): Texts => ({
  [labels.cluster]: cluster,
  [labels.nodeType]: nodeType,
});

/** Selects the pods of one group. */
export const groupSelector = (cluster: string, group: string): Texts => ({
  [labels.cluster]: cluster,
  [labels.group]: group,
});

/** Whether the cluster's Ray containers get their command from the user alone. */
export const overwritesCommand = (cluster: RayCluster): boolean =>
  cluster.metadata.annotations?.[annotations.overwriteContainerCmd] === "true";

/** What no template may change: selectors, the autoscaler and the dashboard go by them. */
const fixed: ReadonlySet<string> = new Set([labels.cluster, labels.nodeType, labels.group]);

const nodeLabels = (cluster: RayCluster, nodeType: string): Texts => ({
  ...clusterLabels(cluster),
  [labels.nodeType]: nodeType,
  [labels.identifier]: checkLabel(`${cluster.metadata.name}-${nodeType}`),
});

const merged = (
  cluster: RayCluster,
  nodeType: string,
  group: string,
  spec: HeadGroupSpec | WorkerGroupSpec,
  role: Texts,
): Texts => {
  const own: Texts = {
    ...nodeLabels(cluster, nodeType),
    [labels.isRayNode]: labelValues.yes,
    [labels.group]: group,
    ...role,
  };
  const user = Object.entries({ ...spec.template.metadata?.labels, ...spec.labels });
  return { ...own, ...Object.fromEntries(user.filter(([key]) => !fixed.has(key))) };
};
