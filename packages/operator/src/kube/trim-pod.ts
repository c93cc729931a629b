import type { Container, ContainerStatus, Pod } from "kubernetes-types/core/v1.d.ts";
import type { Stored } from "./objects.ts";

/**
 * What the operator keeps of a pod, a fifth of it: whose it is and how it is. Of containers their name, image, ports
 * and resources; nothing of environment, volumes, probes, tolerations and the like.
 */
export const trimPod = (pod: Stored<Pod>): Stored<Pod> => {
  const { metadata, spec, status } = pod;
  const trimmed = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: pick(metadata, metadataKept),
    spec: {
      ...(spec === undefined ? {} : pick(spec, specKept)),
      containers: spec?.containers.map(trimContainer) ?? [],
      ...(spec?.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(trimContainer) }),
    },
    status: {
      ...(status === undefined ? {} : pick(status, statusKept)),
      ...(status?.containerStatuses === undefined
        ? {}
        : { containerStatuses: status.containerStatuses.map(trimContainerStatus) }),
      ...(status?.initContainerStatuses === undefined
        ? {}
        : { initContainerStatuses: status.initContainerStatuses.map(trimContainerStatus) }),
    },
  };
  return trimmed as unknown as Stored<Pod>;
};

const metadataKept = [
  "name",
  "generateName",
  "namespace",
  "uid",
  "resourceVersion",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "labels",
  "annotations",
  "ownerReferences",
  "finalizers",
] as const;
const specKept = ["nodeName", "restartPolicy", "hostname", "subdomain", "terminationGracePeriodSeconds"] as const;
const statusKept = ["phase", "reason", "message", "podIP", "hostIP", "startTime", "conditions"] as const;
const containerKept = ["name", "image", "ports", "resources"] as const;
const containerStatusKept = ["name", "ready", "started", "restartCount", "state", "lastState", "imageID"] as const;

const trimContainer = (container: Container): object => pick(container, containerKept);
const trimContainerStatus = (status: ContainerStatus): object => pick(status, containerStatusKept);

const pick = (from: object, keys: readonly string[]): object => {
  const kept: Record<string, unknown> = {};
  for (const key of keys) {
    const value = (from as Record<string, unknown>)[key];
    if (value !== undefined) kept[key] = value;
  }
  return kept;
};
