import { resources } from "../../api/resources.ts";
import { usageOf } from "../../apiserver/admission/resource-quota.ts";
import { isBinary, quantityText } from "../../apiserver/quantity.ts";
import type { Pod } from "../../kubelet/types.ts";
import type { QuotaObject } from "../objects/types.ts";
import { writeStatus } from "../objects/write-status.ts";
import { type ControllerDeps, queueFor, type StartController } from "../runtime/controller.ts";
import { keyOfObject } from "../runtime/informer.ts";

const counted = ["pods", "services", "configMaps", "secrets", "persistentVolumeClaims"] as const;

/** What of a namespace's quota is used. https://kubernetes.io/docs/concepts/policy/resource-quotas/ */
export const startQuotas: StartController = (deps) => {
  const quotas = deps.informers.of<QuotaObject>(resources.resourceQuotas);
  const queue = queueFor(deps, "resourcequota", async (key) => {
    const [namespace, name] = key.split("/") as [string, string];
    const quota = quotas.get(namespace, name);
    if (quota === undefined) return undefined;
    const { hard = {} } = quota.spec;
    const used = usedIn(deps, namespace);
    const shown = Object.entries(hard).map(([resource, limit]) => [
      resource,
      quantityText(used.get(resource) ?? 0n, isBinary(limit) ? "binary" : "decimal"),
    ]);
    await writeStatus(deps.access, resources.resourceQuotas, quota, { hard, used: Object.fromEntries(shown) });
    return undefined;
  });
  const addAll = (namespace: string | undefined): void => {
    for (const quota of quotas.inNamespace(namespace)) queue.add(keyOfObject(quota));
  };
  quotas.onChange(({ object }) => queue.add(keyOfObject(object)));
  for (const kind of counted)
    deps.informers.of(resources[kind]).onChange(({ object, previous, gone }) => {
      // Amounts never change; that a pod ends does.
      const ended = kind === "pods" && previous !== undefined && hasEnded(object as Pod) !== hasEnded(previous as Pod);
      if (previous === undefined || gone || ended) addAll(object.metadata.namespace);
    });
  return queue;
};

const hasEnded = ({ status }: Pod): boolean => status?.phase === "Succeeded" || status?.phase === "Failed";

const usedIn = ({ informers }: ControllerDeps, namespace: string): Map<string, bigint> => {
  const sum = new Map<string, bigint>();
  for (const kind of counted) {
    for (const object of informers.of(resources[kind]).inNamespace(namespace)) {
      if (kind === "pods" && hasEnded(object as Pod)) continue;
      for (const [resource, amount] of usageOf(`/${resources[kind].plural}`, object))
        sum.set(resource, (sum.get(resource) ?? 0n) + amount);
    }
  }
  return sum;
};
