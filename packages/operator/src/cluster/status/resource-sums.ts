import type { PodTemplateSpec } from "kubernetes-types/core/v1.d.ts";
import type { RayClusterSpec } from "../../api/ray-cluster-spec.ts";
import { wantedReplicas } from "../../api/worker-replicas.ts";
import { effectiveRequests, isGpu, tpuKey } from "../build/resources.ts";
import { addQuantities, formatQuantity, multiplyQuantity, type Quantity, zeroQuantity } from "../quantity.ts";

/** What all pods of a cluster ask for together (reference, section 1.4). */
export interface ResourceSums {
  readonly desiredCPU: string;
  readonly desiredMemory: string;
  readonly desiredGPU: string;
  readonly desiredTPU: string;
}

/** Sums the head and all wanted workers. */
export const sumResources = (spec: RayClusterSpec): ResourceSums => {
  const templates: (readonly [PodTemplateSpec, number])[] = [
    [spec.headGroupSpec.template, 1],
    ...(spec.workerGroupSpecs ?? []).map(
      (group) => [group.template, wantedReplicas(spec, group) * group.numOfHosts] as const,
    ),
  ];
  const sum = (counts: (key: string) => boolean): string =>
    formatQuantity(
      templates
        .map(([template, times]) => multiplyQuantity(podAmount(template, counts), times))
        .reduce(addQuantities, zeroQuantity),
    );
  return {
    desiredCPU: sum((key) => key === "cpu"),
    desiredMemory: sum((key) => key === "memory"),
    desiredGPU: sum(isGpu),
    desiredTPU: sum((key) => key === tpuKey),
  };
};

const podAmount = (template: PodTemplateSpec, counts: (key: string) => boolean): Quantity =>
  (template.spec?.containers ?? [])
    .flatMap((container) => [...effectiveRequests(container)])
    .filter(([key]) => counts(key))
    .map(([, amount]) => amount)
    .reduce(addQuantities, zeroQuantity);
