import type { Taint } from "kubernetes-types/core/v1.d.ts";
import type { Pod } from "../../kubelet/types.ts";
import { controllerLimits } from "../limits.ts";

const conditionTaints: ReadonlySet<string> = new Set([
  "node.kubernetes.io/not-ready",
  "node.kubernetes.io/unreachable",
]);

/**
 * In how many ms the taints (NoExecute) of its node drive a pod away: 0 at once, `Infinity` never. A pod that says
 * nothing of a node that is away stays for 300 s. https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
 */
export const evictionInMs = (pod: Pod, taints: readonly Taint[], wallMs: number): number =>
  Math.min(
    ...taints.map((taint) => {
      const addedMs = Date.parse(taint.timeAdded ?? "");
      const seconds = tolerationSeconds(pod, taint);
      return Math.max(0, (Number.isNaN(addedMs) ? wallMs : addedMs) + seconds * 1_000 - wallMs);
    }),
  );

const tolerationSeconds = ({ spec }: Pod, taint: Taint): number => {
  const fitting = (spec.tolerations ?? []).filter(
    ({ key, operator = "Equal", value = "", effect }) =>
      (key === undefined || key === "" ? operator === "Exists" : key === taint.key) &&
      (effect === undefined || effect === "" || effect === taint.effect) &&
      (operator === "Exists" || value === (taint.value ?? "")),
  );
  if (fitting.length === 0) return conditionTaints.has(taint.key) ? controllerLimits.tolerationSeconds : 0;
  return Math.min(...fitting.map((toleration) => toleration.tolerationSeconds ?? Infinity));
};
