import type { ObjectFieldSelector, ResourceFieldSelector } from "kubernetes-types/core/v1.d.ts";
import { parseQuantity } from "../quantity.ts";
import { namespaceOf, type Pod, uidOf } from "../types.ts";

/** What only the kubelet knows of a pod. */
export interface PodFacts {
  readonly podIp: string;
  readonly hostIp: string;
  readonly nodeName: string;
  /** What a node gives; a limit that is not set means this much. */
  readonly allocatable: { readonly cpu: string; readonly memory: string };
}

/** A field by its path. Throws where there is no such path. https://kubernetes.io/docs/concepts/workloads/pods/downward-api/#available-fields */
export const fieldValue = (pod: Pod, facts: PodFacts, selector: ObjectFieldSelector): string => {
  const { metadata, spec } = pod;
  const key = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(selector.fieldPath);
  if (key !== null) return metadata[key[1] as "labels" | "annotations"]?.[key[2] ?? ""] ?? "";
  switch (selector.fieldPath) {
    case "metadata.name":
      return metadata.name;
    case "metadata.namespace":
      return namespaceOf(pod);
    case "metadata.uid":
      return uidOf(pod);
    case "metadata.labels":
      return keyValues(metadata.labels);
    case "metadata.annotations":
      return keyValues(metadata.annotations);
    case "spec.nodeName":
      return facts.nodeName;
    case "spec.serviceAccountName":
      return spec.serviceAccountName ?? "default";
    case "status.hostIP":
    case "status.hostIPs":
      return facts.hostIp;
    case "status.podIP":
    case "status.podIPs":
      return facts.podIp;
    default:
      throw new TypeError(`fieldRef: no such field: ${selector.fieldPath}`);
  }
};

const keyValues = (values: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(values ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join("\n");

/** A request or limit in units of `divisor`, rounded up. Throws where there is no such container or resource. */
export const resourceValue = (
  pod: Pod,
  facts: PodFacts,
  selector: ResourceFieldSelector,
  ownContainer?: string,
): string => {
  const containerName = selector.containerName ?? ownContainer;
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const container = containers.find(({ name }) => name === containerName);
  if (container === undefined) throw new TypeError(`resourceFieldRef: no container ${String(containerName)}`);
  const [side, resource = ""] = selector.resource.split(/\.(.*)/s);
  if (side !== "limits" && side !== "requests") throw new TypeError(`resourceFieldRef: no ${selector.resource}`);
  const { limits, requests } = container.resources ?? {};
  const known = side === "limits" ? limits?.[resource] : (requests?.[resource] ?? limits?.[resource]);
  const fallback =
    side === "limits" && (resource === "cpu" || resource === "memory") ? facts.allocatable[resource] : "0";
  // "0" is how an unset divisor is stored by some clients.
  const divisor = selector.divisor === undefined || selector.divisor === "0" ? 1 : parseQuantity(selector.divisor);
  return String(Math.ceil(parseQuantity(known ?? fallback) / divisor - 1e-9));
};
