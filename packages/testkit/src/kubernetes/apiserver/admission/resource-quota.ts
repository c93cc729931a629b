import type { Pod, PodSpec, ResourceQuota } from "kubernetes-types/core/v1.d.ts";
import type { KubeObject } from "../../api/objects.ts";
import type { AdmissionPlugin, AdmissionRequest } from "../engine/admission-plugin.ts";
import { forbidden } from "../engine/write-request.ts";
import { isBinary, parseQuantity, quantityText } from "../quantity.ts";
import type { Store } from "../storage/store.ts";

const one = 1_000_000_000n;
const counted: Readonly<Record<string, string>> = {
  "/pods": "pods",
  "/services": "services",
  "/configmaps": "configmaps",
  "/secrets": "secrets",
  "/persistentvolumeclaims": "persistentvolumeclaims",
};

/** What an object uses of a namespace's quota, by resource name, in billionths. */
export type Usage = ReadonlyMap<string, bigint>;

/** Refuses what exceeds a namespace's ResourceQuota. https://kubernetes.io/docs/concepts/policy/resource-quotas/ */
export const resourceQuotaAdmission = (store: Store): AdmissionPlugin => ({
  validate: (request) => {
    const { operation, definition, object, namespace } = request;
    if (operation !== "CREATE" || namespace === undefined) return;
    const wanted = usageOf(definition.storage, object);
    if (wanted.size === 0) return;
    const quotas = store.collection("/resourcequotas").all() as readonly (KubeObject & ResourceQuota)[];
    for (const quota of quotas) if (quota.metadata.namespace === namespace) check(store, quota, wanted, request);
  },
});

const check = (
  store: Store,
  quota: KubeObject & ResourceQuota,
  wanted: Usage,
  { definition, namespace, name }: AdmissionRequest,
): void => {
  const hard = Object.entries(quota.spec?.hard ?? {}).filter(([resource]) => matchesKind(resource, definition.storage));
  const missing = hard.map(([resource]) => resource).filter((resource) => !wanted.has(resource));
  if (missing.length > 0)
    throw forbidden(
      definition,
      name,
      `failed quota: ${quota.metadata.name}: must specify ${missing.map((resource) => `${resource} for: ${name}`).join("; ")}`,
    );
  const used = usedOf(store, definition.storage, namespace);
  const exceeded = hard.filter(([resource, limit]) => {
    const want = wanted.get(resource) ?? 0n;
    return want > 0n && (used.get(resource) ?? 0n) + want > (parseQuantity(limit) ?? 0n);
  });
  if (exceeded.length === 0) return;
  const text = (amounts: Usage): string =>
    exceeded
      .map(
        ([resource, limit]) =>
          `${resource}=${quantityText(amounts.get(resource) ?? 0n, isBinary(limit) ? "binary" : "decimal")}`,
      )
      .join(",");
  const limited = exceeded.map(([resource, limit]) => `${resource}=${limit}`).join(",");
  throw forbidden(
    definition,
    name,
    `exceeded quota: ${quota.metadata.name}, requested: ${text(wanted)}, used: ${text(used)}, limited: ${limited}`,
  );
};

const matchesKind = (resource: string, storage: string): boolean => {
  if (resource === counted[storage] || resource === `count/${counted[storage]}`) return true;
  return storage === "/pods" && /^(?:(?:requests|limits)\.)?(?:cpu|memory)$/.test(resource);
};

/** Pods that are done use nothing. */
const usedOf = (store: Store, storage: string, namespace: string | undefined): Map<string, bigint> => {
  const sum = new Map<string, bigint>();
  for (const object of store.collection(storage).all()) {
    if (object.metadata.namespace !== namespace) continue;
    const phase = (object as KubeObject & Pod).status?.phase;
    if (storage === "/pods" && (phase === "Succeeded" || phase === "Failed")) continue;
    for (const [resource, amount] of usageOf(storage, object)) sum.set(resource, (sum.get(resource) ?? 0n) + amount);
  }
  return sum;
};

/** What an object counts for; resources that it does not name are absent. */
export const usageOf = (storage: string, object: KubeObject): Usage => {
  const usage = new Map<string, bigint>();
  const plural = counted[storage];
  if (plural === undefined) return usage;
  usage.set(plural, one);
  usage.set(`count/${plural}`, one);
  const { spec } = object as KubeObject & Pod;
  if (storage !== "/pods" || spec === undefined) return usage;
  for (const name of ["cpu", "memory"] as const) {
    for (const kind of ["requests", "limits"] as const) {
      const amount = amountOf(spec, kind, name);
      if (amount === undefined) continue;
      usage.set(`${kind}.${name}`, amount);
      if (kind === "requests") usage.set(name, amount);
    }
  }
  return usage;
};

/** The sum of containers, or the largest init container where that is more; undefined when a container names none. */
const amountOf = (spec: PodSpec, kind: "requests" | "limits", name: string): bigint | undefined => {
  const amounts = spec.containers.map(({ resources }) => parseQuantity(resources?.[kind]?.[name]));
  if (amounts.includes(undefined)) return undefined;
  const sum = amounts.reduce<bigint>((total, amount) => total + (amount ?? 0n), 0n);
  const initial = (spec.initContainers ?? []).map(({ resources }) => parseQuantity(resources?.[kind]?.[name]) ?? 0n);
  return initial.reduce((largest, amount) => (amount > largest ? amount : largest), sum);
};
