import type { ContainerStatus, Pod } from "kubernetes-types/core/v1.d.ts";
import { clusterConditions, clusterReasons } from "../../api/conditions.ts";
import type { Verdict } from "../conditions.ts";

/** Condition HeadPodReady (reference, section 2.13): what the head pod says of itself, and why it does not get ready. */
export const headVerdict = (head: Pod | undefined): Verdict => {
  const type = clusterConditions.headPodReady;
  if (head === undefined) {
    return { type, status: "False", reason: clusterReasons.headPodNotFound, message: "Head Pod not found" };
  }
  const ready = head.status?.conditions?.find((condition) => condition.type === "Ready");
  const message = ready?.message ?? "";
  if (ready === undefined) return { type, status: "False", reason: clusterReasons.unknown, message };
  if (ready.status === "True") {
    return { type, status: "True", reason: ready.reason ?? clusterReasons.headPodRunningAndReady, message };
  }
  const status = ready.status === "Unknown" ? "Unknown" : "False";
  const reason = ready.reason ?? clusterReasons.unknown;
  if (reason !== clusterReasons.containersNotReady) return { type, status, reason, message };
  const stuck = (head.status?.containerStatuses ?? []).find((container) => !container.ready && whyNot(container));
  const why = stuck === undefined ? undefined : whyNot(stuck);
  if (stuck === undefined || why === undefined) return { type, status, reason, message };
  const detail = `${stuck.name}: ${why.message ?? ""}`.trimEnd();
  return {
    type,
    status,
    reason: why.reason ?? clusterReasons.unknown,
    message: message === "" ? detail : `${message}; ${detail}`,
  };
};

const whyNot = ({ state }: ContainerStatus): { readonly reason?: string; readonly message?: string } | undefined =>
  state?.waiting ?? state?.terminated;
