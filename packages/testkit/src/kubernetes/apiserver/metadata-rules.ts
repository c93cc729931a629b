import type { KubeObject } from "../api/objects.ts";
import type { FieldProblems } from "./field-problems.ts";
import { isObject } from "./json.ts";
import { dns1123Label, dns1123Subdomain, labelValueProblems, qualifiedName } from "./names.ts";

const annotationBytesMax = 256 * 1024;

/** Rules for names of a kind's objects, from `names.ts`. */
export type NameRule = (name: string) => string[];

/** The common part of every object. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/ */
export const validateMetadata = ({ metadata }: KubeObject, nameRule: NameRule, problems: FieldProblems): void => {
  for (const rule of nameRule(metadata.name)) problems.invalid("metadata.name", metadata.name, rule);
  if (metadata.namespace !== undefined) {
    for (const rule of dns1123Label(metadata.namespace))
      problems.invalid("metadata.namespace", metadata.namespace, rule);
  }
  validateLabels(metadata.labels, "metadata.labels", problems);
  validateAnnotations(metadata.annotations, problems);
  for (const finalizer of metadata.finalizers ?? []) {
    for (const rule of qualifiedName(finalizer)) problems.invalid("metadata.finalizers", finalizer, rule);
  }
  validateOwners(metadata, problems);
};

/** Labels' keys and values. */
export const validateLabels = (labels: unknown, path: string, problems: FieldProblems): void => {
  for (const [key, value] of Object.entries(isObject(labels) ? labels : {})) {
    for (const rule of qualifiedName(key)) problems.invalid(path, key, rule);
    for (const rule of labelValueProblems(String(value))) problems.invalid(path, value, rule);
  }
};

const validateAnnotations = (
  annotations: Readonly<Record<string, string>> | undefined,
  problems: FieldProblems,
): void => {
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    for (const rule of qualifiedName(key.toLowerCase())) problems.invalid("metadata.annotations", key, rule);
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > annotationBytesMax) problems.tooLong("metadata.annotations", annotationBytesMax);
};

const validateOwners = ({ ownerReferences = [] }: KubeObject["metadata"], problems: FieldProblems): void => {
  const controllers = ownerReferences.filter(({ controller }) => controller === true);
  for (const [index, owner] of ownerReferences.entries()) {
    for (const field of ["apiVersion", "kind", "name", "uid"] as const) {
      if ((owner[field] ?? "") === "")
        problems.invalid(`metadata.ownerReferences[${index}].${field}`, owner[field] ?? "", "must not be empty");
    }
  }
  if (controllers.length > 1) {
    problems.invalid(
      "metadata.ownerReferences",
      ownerReferences,
      'Only one reference can have Controller set to true. Found "true" in references for ' +
        controllers.map(({ kind, name }) => `${kind}/${name}`).join(" and "),
    );
  }
};

/** What an update may not do to metadata. */
export const validateMetadataUpdate = (object: KubeObject, old: KubeObject, problems: FieldProblems): void => {
  const before = old.metadata.finalizers ?? [];
  const added = (object.metadata.finalizers ?? []).filter((finalizer) => !before.includes(finalizer));
  if (old.metadata.deletionTimestamp === undefined || added.length === 0) return;
  const list = added.map((finalizer) => `"${finalizer}"`).join(", ");
  problems.forbidden(
    "metadata.finalizers",
    `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
  );
};

/** The rule of most kinds. */
export const defaultNameRule: NameRule = dns1123Subdomain;
