import type { Container, Pod, PodSpec } from "kubernetes-types/core/v1.d.ts";
import type { PrepareContext } from "../../plugins.ts";
import { parseQuantity } from "../../quantity.ts";
import { defaultPodSpec } from "./pod-spec.ts";

/** Taints that every pod bears for a while. https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions */
const toleratedTaints = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
const tolerationSeconds = 300;

/** Defaults of a pod and what is set at its creation: phase, quality of service, tolerations. */
export const defaultPod = (pod: Pod, { operation }: PrepareContext): void => {
  const { spec } = pod;
  if (spec === undefined) return;
  defaultPodSpec(spec);
  spec.enableServiceLinks ??= true;
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) requestLimits(container);
  if (operation !== "CREATE") return;
  for (const key of toleratedTaints) tolerate(spec, key);
  Object.assign(pod, { status: { phase: "Pending", qosClass: qualityOfService(spec) } });
};

/** A limit without a request is the request, too. https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/ */
const requestLimits = (container: Container): void => {
  const { limits } = container.resources ?? {};
  if (container.resources === undefined || limits === undefined) return;
  container.resources.requests = { ...limits, ...container.resources.requests };
};

const tolerate = (spec: PodSpec, key: string): void => {
  const known = (spec.tolerations ?? []).some(
    (toleration) =>
      (toleration.key === key || toleration.key === undefined || toleration.key === "") &&
      (toleration.effect === undefined || toleration.effect === "" || toleration.effect === "NoExecute"),
  );
  if (known) return;
  const toleration = { key, operator: "Exists", effect: "NoExecute", tolerationSeconds };
  spec.tolerations = [...(spec.tolerations ?? []), toleration];
};

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/ */
export const qualityOfService = (spec: PodSpec): "Guaranteed" | "Burstable" | "BestEffort" => {
  const amounts = [...(spec.initContainers ?? []), ...spec.containers].map(({ resources }) => ({
    requests: positive(resources?.requests),
    limits: positive(resources?.limits),
  }));
  if (amounts.every(({ requests, limits }) => requests.size === 0 && limits.size === 0)) return "BestEffort";
  const guaranteed = amounts.every(({ requests, limits }) =>
    ["cpu", "memory"].every((name) => limits.has(name) && requests.get(name) === limits.get(name)),
  );
  return guaranteed ? "Guaranteed" : "Burstable";
};

const positive = (amounts: Record<string, string> | undefined): Map<string, bigint> => {
  const found = new Map<string, bigint>();
  for (const name of ["cpu", "memory"]) {
    const amount = parseQuantity(amounts?.[name]);
    if (amount !== undefined && amount > 0n) found.set(name, amount);
  }
  return found;
};
