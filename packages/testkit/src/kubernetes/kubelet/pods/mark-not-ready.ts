import type { ApiAccess } from "../../api/access.ts";
import { resources } from "../../api/resources.ts";
import { namespaceOf, type Pod } from "../types.ts";

/** Says of a pod whose node is not ready that it is not ready either. `now` as the API writes times. */
export const markNotReady = async (access: ApiAccess, pod: Pod, now: string): Promise<void> => {
  const before = pod.status?.conditions ?? [];
  if (!before.some(({ type, status }) => type === "Ready" && status === "True")) return;
  const conditions = before.map((condition) =>
    condition.type === "Ready"
      ? { ...condition, status: "False", reason: "NodeNotReady", lastTransitionTime: now }
      : condition,
  );
  const { name, uid } = pod.metadata;
  const id = { namespace: namespaceOf(pod), name };
  await access.mergePatch(resources.pods, id, { metadata: { uid }, status: { conditions } }, "status");
};
