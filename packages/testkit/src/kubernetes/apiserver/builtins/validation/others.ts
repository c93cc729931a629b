import type { ConfigMap, Event, PersistentVolumeClaim, ResourceQuota, Secret } from "kubernetes-types/core/v1.d.ts";
import type { NetworkPolicy } from "kubernetes-types/networking/v1.d.ts";
import type { PodDisruptionBudget } from "kubernetes-types/policy/v1.d.ts";
import type { RoleBinding } from "kubernetes-types/rbac/v1.d.ts";
import type { FieldProblems } from "../../field-problems.ts";
import { equalJson } from "../../json.ts";
import type { PrepareContext } from "../../plugins.ts";
import { parseQuantity } from "../../quantity.ts";

const keyPattern = /^[-._a-zA-Z0-9]{1,253}$/;
const dataBytesMax = 1024 * 1024;

/** ConfigMaps and Secrets. https://kubernetes.io/docs/concepts/configuration/configmap/ */
export const validateData = (object: ConfigMap | Secret, { old }: PrepareContext, problems: FieldProblems): void => {
  const { data = {} } = object;
  const binaryData = "binaryData" in object ? (object.binaryData ?? {}) : {};
  let bytes = 0;
  for (const [key, value] of [...Object.entries(data), ...Object.entries(binaryData)]) {
    if (!keyPattern.test(key) || key === "." || key.startsWith("..")) {
      problems.invalid(
        `data[${key}]`,
        key,
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
      );
    }
    bytes += Buffer.byteLength(value);
  }
  if (bytes > dataBytesMax) problems.tooLong("data", dataBytesMax);
  const before = old as ConfigMap | Secret | undefined;
  if (before === undefined) return;
  if ("type" in object && "type" in before) problems.immutable("type", object.type, object.type === before.type);
  if (before.immutable !== true) return;
  if (object.immutable !== true) problems.forbidden("immutable", "field is immutable when `immutable` is set");
  if (!equalJson(data, before.data ?? {})) problems.forbidden("data", "field is immutable when `immutable` is set");
};

/** https://kubernetes.io/docs/concepts/storage/persistent-volumes/#persistentvolumeclaims */
export const validateClaim = (
  { spec }: PersistentVolumeClaim,
  { old }: PrepareContext,
  problems: FieldProblems,
): void => {
  if ((spec?.accessModes ?? []).length === 0)
    problems.required("spec.accessModes", "at least 1 access mode is required");
  const storage = parseQuantity(spec?.resources?.requests?.["storage"]);
  if (storage === undefined) problems.required("spec.resources[storage]");
  else if (storage <= 0n)
    problems.invalid("spec.resources[storage]", spec?.resources?.requests?.["storage"], "must be greater than zero");
  const before = (old as PersistentVolumeClaim | undefined)?.spec;
  if (before === undefined) return;
  const fixed = ["accessModes", "storageClassName", "volumeMode", "selector"] as const;
  const bound = before.volumeName === undefined || before.volumeName === spec?.volumeName;
  if (!bound || fixed.some((field) => !equalJson(spec?.[field], before[field]))) {
    problems.forbidden(
      "spec",
      "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
    );
  }
};

/** https://kubernetes.io/docs/reference/access-authn-authz/rbac/#clusterrolebinding-example: a binding's role never changes. */
export const validateBinding = (
  { roleRef, subjects }: RoleBinding,
  { old }: PrepareContext,
  problems: FieldProblems,
): void => {
  if (roleRef === undefined) {
    problems.required("roleRef");
    return;
  }
  problems.oneOf("roleRef.kind", roleRef.kind, ["Role", "ClusterRole"]);
  if ((roleRef.name ?? "") === "") problems.required("roleRef.name");
  for (const [index, subject] of (subjects ?? []).entries()) {
    problems.oneOf(`subjects[${index}].kind`, subject.kind, ["ServiceAccount", "User", "Group"]);
    if ((subject.name ?? "") === "") problems.required(`subjects[${index}].name`);
    if (subject.kind === "ServiceAccount" && (subject.namespace ?? "") === "")
      problems.required(`subjects[${index}].namespace`);
  }
  const before = (old as RoleBinding | undefined)?.roleRef;
  if (before !== undefined && !equalJson(roleRef, before))
    problems.invalid("roleRef", roleRef, "cannot change roleRef");
};

/** https://kubernetes.io/docs/tasks/run-application/configure-pdb/ */
export const validateBudget = (
  { spec }: PodDisruptionBudget,
  _context: PrepareContext,
  problems: FieldProblems,
): void => {
  if (spec?.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    problems.invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set");
  }
  for (const field of ["minAvailable", "maxUnavailable"] as const) {
    const value: unknown = spec?.[field];
    if (typeof value === "number" && value < 0)
      problems.invalid(`spec.${field}`, value, "must be greater than or equal to 0");
    if (typeof value === "string" && !/^\d+%$/.test(value))
      problems.invalid(
        `spec.${field}`,
        value,
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
      );
  }
};

export const validateQuota = ({ spec }: ResourceQuota, _context: PrepareContext, problems: FieldProblems): void => {
  for (const [name, value] of Object.entries(spec?.hard ?? {})) {
    if (parseQuantity(value) === undefined) problems.invalid(`spec.hard[${name}]`, value, "must be a quantity");
  }
};

export const validateNetworkPolicy = (
  { spec }: NetworkPolicy,
  _context: PrepareContext,
  problems: FieldProblems,
): void => {
  for (const type of spec?.policyTypes ?? []) problems.oneOf("spec.policyTypes", type, ["Ingress", "Egress"]);
};

/** An event's object is of the event's namespace. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
export const validateEvent = (event: Event, { operation }: PrepareContext, problems: FieldProblems): void => {
  if (operation !== "CREATE") return;
  const namespace = event.involvedObject?.namespace ?? "default";
  if (namespace !== event.metadata?.namespace && !(namespace === "" && event.metadata?.namespace === "default")) {
    problems.invalid("involvedObject.namespace", namespace, "does not match event.namespace");
  }
};
