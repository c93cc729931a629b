import type { Pod } from "kubernetes-types/core/v1.d.ts";
import type { PodDisruptionBudget } from "kubernetes-types/policy/v1.d.ts";
import type { DeleteOptions } from "../../../api/access.ts";
import { ApiError } from "../../../api/api-error.ts";
import type { KubeObject } from "../../../api/objects.ts";
import type { Core } from "../../engine/core.ts";
import { deleteObject } from "../../engine/delete.ts";
import { update } from "../../engine/update.ts";
import { internalUser } from "../../engine/user.ts";
import { cloneJson, isObject } from "../../json.ts";
import { type LabelSelectorObject, selects } from "../../selectors/object-selector.ts";
import type { ResourceContext } from "../context.ts";
import { deleteOptionsOf, writeRequestOf } from "../query.ts";
import { bodyOf, currentOf } from "../resource-handler.ts";
import { sendJson } from "../respond.ts";

type Budget = KubeObject & PodDisruptionBudget;

const violated = "Cannot evict pod as it would violate the pod's disruption budget.";
const retryAfterSeconds = 10;

/** `pods/eviction`: a deletion that disruption budgets may refuse. https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/ */
export const handleEviction = async (context: ResourceContext): Promise<void> => {
  const { deps, response, info, definition } = context;
  const body = await bodyOf(context);
  const options: DeleteOptions & { dryRun: boolean } = deleteOptionsOf(
    info.query,
    isObject(body) ? body["deleteOptions"] : undefined,
  );
  const pod = currentOf(context) as KubeObject & Pod;
  const write = { ...writeRequestOf(context), dryRun: options.dryRun };
  if (!needsNoBudget(pod)) takeFromBudget(deps.core, pod, options.dryRun);
  deleteObject(deps.core, { ...write, definition }, pod.metadata.name, options);
  sendJson(response, 201, { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 });
};

/** Pods that do not count as healthy for any budget. */
const needsNoBudget = (pod: KubeObject & Pod): boolean =>
  pod.metadata.deletionTimestamp !== undefined || ["Succeeded", "Failed", "Pending"].includes(pod.status?.phase ?? "");

const takeFromBudget = (core: Core, pod: KubeObject & Pod, dryRun: boolean): void => {
  const budgets = (core.store.collection("policy/poddisruptionbudgets").all() as readonly Budget[]).filter(
    ({ metadata, spec }) =>
      metadata.namespace === pod.metadata.namespace &&
      selects(spec?.selector as LabelSelectorObject | undefined, pod.metadata.labels),
  );
  if (budgets.length > 1) {
    throw new ApiError(
      "InternalError",
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    );
  }
  const [budget] = budgets;
  if (budget === undefined) return;
  const { status, spec } = budget;
  if (!isReady(pod) && mayGoUnready(budget)) return;
  if ((status?.observedGeneration ?? 0) < (budget.metadata.generation ?? 0)) {
    refuse(
      budget,
      `The disruption budget ${budget.metadata.name} is still being processed by the server.`,
      retryAfterSeconds,
    );
  }
  if ((status?.disruptionsAllowed ?? 0) <= 0) {
    refuse(
      budget,
      `The disruption budget ${budget.metadata.name} needs ${status?.desiredHealthy ?? 0} healthy pods and has ${status?.currentHealthy ?? 0} currently`,
    );
  }
  if (spec === undefined || dryRun) return;
  const next = cloneJson(budget);
  next.status = {
    ...next.status,
    disruptionsAllowed: (status?.disruptionsAllowed ?? 0) - 1,
    disruptedPods: { ...next.status?.disruptedPods, [pod.metadata.name]: core.now() },
  } as NonNullable<Budget["status"]>;
  const definition = core.definitions.get({ group: "policy", version: "v1", plural: "poddisruptionbudgets" });
  if (definition === undefined) return;
  const request = {
    definition,
    namespace: budget.metadata.namespace,
    user: internalUser,
    manager: internalUser.username,
    dryRun: false,
    fieldValidation: "Ignore",
    subresource: "status",
  } as const;
  update(core, request, budget.metadata.name, next);
};

const isReady = ({ status }: Pod): boolean =>
  (status?.conditions ?? []).some(({ type, status: value }) => type === "Ready" && value === "True");

/** https://kubernetes.io/docs/tasks/run-application/configure-pdb/#unhealthy-pod-eviction-policy */
const mayGoUnready = ({ spec, status }: Budget): boolean => {
  if (spec?.unhealthyPodEvictionPolicy === "AlwaysAllow") return true;
  return (status?.desiredHealthy ?? 0) > 0 && (status?.currentHealthy ?? 0) >= (status?.desiredHealthy ?? 0);
};

const refuse = (budget: Budget, message: string, retryAfter?: number): never => {
  throw new ApiError("TooManyRequests", violated, {
    name: budget.metadata.name,
    causes: [{ reason: "DisruptionBudget", message, field: "" }],
    ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter }),
  });
};
