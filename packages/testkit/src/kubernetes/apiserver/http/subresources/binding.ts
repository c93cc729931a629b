import type { Pod } from "kubernetes-types/core/v1.d.ts";
import { ApiError } from "../../../api/api-error.ts";
import type { KubeObject } from "../../../api/objects.ts";
import { conflict } from "../../engine/write-request.ts";
import { atPath, cloneJson } from "../../json.ts";
import type { ResourceContext } from "../context.ts";
import { bodyOf, currentOf } from "../resource-handler.ts";
import { sendJson } from "../respond.ts";

/** `pods/binding`: puts a pod on a node, once. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/binding-v1/ */
export const handleBinding = async (context: ResourceContext): Promise<void> => {
  const { deps, definition, response } = context;
  const { core } = deps;
  const node = atPath(await bodyOf(context), "target.name");
  if (typeof node !== "string" || node === "")
    throw new ApiError("Invalid", "Binding is invalid: target.name: Required value");
  const pod = currentOf(context) as KubeObject & Pod;
  const { name, deletionTimestamp } = pod.metadata;
  if (deletionTimestamp !== undefined)
    throw conflict(definition, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  if ((pod.spec?.nodeName ?? "") !== "")
    throw conflict(definition, name, `pod ${name} is already assigned to node "${pod.spec?.nodeName}"`);
  const next = cloneJson(pod);
  if (next.spec !== undefined) next.spec.nodeName = node;
  const conditions = (next.status?.conditions ?? []).filter(({ type }) => type !== "PodScheduled");
  Object.assign(next, {
    status: {
      ...next.status,
      conditions: [...conditions, { type: "PodScheduled", status: "True", lastTransitionTime: core.now() }],
    },
  });
  core.store.put(definition.storage, next);
  sendJson(response, 201, { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 });
};
