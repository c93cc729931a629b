import { createHash } from "node:crypto";
import { annotations } from "../api/names.ts";
import type { RayCluster } from "../api/ray-cluster.ts";
import type { HeadGroupSpec, RayClusterSpec, WorkerGroupSpec } from "../api/ray-cluster-spec.ts";
import { omit } from "./omit.ts";

/**
 * Hash of what makes a cluster another one (reference, section 4.4): not how many workers it has, nor whether it is
 * suspended, nor where its pods are tolerated. Its beginning tells ours from another operator's, which cannot be compared.
 */
export const recreateHash = (spec: RayClusterSpec): string => `${ownPrefix}${digest(muted(spec), hashLength)}`;

/** Whether a hash was made by this code, so that a different one means a different cluster. */
export const isOwnHash = (hash: string): boolean =>
  hash.startsWith(ownPrefix) && hash.length === ownPrefix.length + hashLength;

/** Revision of the head's template: pods of another one are replaced in a rolling update. */
export const headRevision = (cluster: RayCluster): string =>
  digest([shared(cluster), mutedGroup(cluster.spec.headGroupSpec)], revisionLength);

/** Revision of a worker group's template. */
export const workerRevision = (cluster: RayCluster, group: WorkerGroupSpec): string =>
  digest([shared(cluster), mutedGroup(group)], revisionLength);

/** So many characters of a hash of a value, whatever the order of its keys; fit for names and labels. */
export const digest = (value: unknown, length: number): string => {
  const bytes = createHash("sha256").update(canonical(value)).digest();
  return [...bytes]
    .map((byte) => alphabet[byte % alphabet.length])
    .join("")
    .slice(0, length);
};

const ownPrefix = "m1-";
const hashLength = 24;
const revisionLength = 10;
/** Kubernetes' own for names: no vowels, so no words. */
const alphabet = "bcdfghjklmnpqrstvwxz2456789";

/** What all pods of a cluster depend on besides their group. */
const shared = ({ spec, metadata }: RayCluster): unknown => ({
  rayVersion: spec.rayVersion,
  gcs: spec.gcsFaultToleranceOptions,
  auth: spec.authOptions,
  autoscaling: spec.enableInTreeAutoscaling === true ? (spec.autoscalerOptions?.version ?? "") : undefined,
  overwritten: metadata.annotations?.[annotations.overwriteContainerCmd],
  ft: metadata.annotations?.[annotations.ftEnabled],
});

const muted = (spec: RayClusterSpec): unknown => {
  return {
    ...omit(spec, "suspend", "upgradeStrategy", "workerReplicas"),
    headGroupSpec: withoutTolerations(spec.headGroupSpec),
    workerGroupSpecs: (spec.workerGroupSpecs ?? []).map(mutedWorkers),
  };
};

const mutedWorkers = (group: WorkerGroupSpec): unknown =>
  withoutTolerations(omit(group, "replicas", "minReplicas", "maxReplicas", "scaleStrategy"));

/** Only what goes into pods: Services and Ingresses change without them. */
const mutedGroup = (group: HeadGroupSpec | WorkerGroupSpec): unknown => {
  const { template, rayStartParams = {}, resources, labels } = group;
  const hosts = "numOfHosts" in group ? group.numOfHosts : 1;
  const parts = { template, rayStartParams, resources, labels, hosts };
  return withoutTolerations(parts);
};

const withoutTolerations = (group: Pick<HeadGroupSpec, "template">): unknown => {
  const spec = omit(group.template.spec ?? { containers: [] }, "tolerations", "schedulingGates");
  return { ...group, template: { ...group.template, spec } };
};

/** JSON with its keys in order, and without what is not there. */
const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  const sorted = entries.toSorted(([left], [right]) => (left < right ? -1 : 1));
  return `{${sorted.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(",")}}`;
};
