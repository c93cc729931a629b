import type { KubeObject } from "../../api/objects.ts";
import { type Clock, timestamp } from "../clock.ts";
import { isObject } from "../json.ts";
import type { PrepareContext, Prepared } from "../plugins.ts";
import type { CustomResourceDefinitionSpec } from "./definition/definition-spec.ts";
import { validateDefinition } from "./definition/validate-definition.ts";

/**
 * A CustomResourceDefinition (decoded, with what that found unknown) that may be stored: defaults set, validated, its status as the API server's own controllers
 * would write it. Here names are accepted and the resource is established at once. Throws `ApiError` (Invalid).
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
 */
export function prepareDefinition(
  object: KubeObject,
  unknownFields: readonly string[],
  context: PrepareContext,
  clock: Clock,
): Prepared {
  const old = context.old;
  if (context.subresource === "status")
    return { object: { ...object, spec: old?.["spec"] }, unknownFields: [], warnings: [] };
  const spec = withDefaults(object["spec"]);
  const oldSpec = old?.["spec"] as CustomResourceDefinitionSpec | undefined;
  validateDefinition(object.metadata.name, spec, oldSpec).throwIfAny(
    { kind: "CustomResourceDefinition", group: "apiextensions.k8s.io" },
    object,
  );
  const status = statusOf(spec, old?.["status"], timestamp(clock.wallMs()));
  return { object: { ...object, spec, status }, unknownFields, warnings: [] };
}

function withDefaults(spec: unknown): CustomResourceDefinitionSpec {
  const known = spec as CustomResourceDefinitionSpec;
  if (!isObject(spec) || !isObject(spec["names"])) return known;
  const { names } = known;
  const kind = typeof names.kind === "string" ? names.kind : "";
  return {
    conversion: { strategy: "None" },
    ...known,
    names: { ...names, singular: names.singular || kind.toLowerCase(), listKind: names.listKind || `${kind}List` },
  };
}

interface DefinitionStatus {
  readonly storedVersions?: readonly string[];
  readonly conditions?: readonly { readonly type: string }[];
}

function statusOf(spec: CustomResourceDefinitionSpec, old: unknown, time: string): object {
  const { storedVersions = [], conditions } = (old ?? {}) as DefinitionStatus;
  const storage = spec.versions.find((version) => version.storage)?.name ?? "";
  return {
    conditions: conditions ?? [
      condition("NamesAccepted", "NoConflicts", "no conflicts found", time),
      condition("Established", "InitialNamesAccepted", "the initial names have been accepted", time),
    ],
    acceptedNames: spec.names,
    storedVersions: storedVersions.includes(storage) ? storedVersions : [...storedVersions, storage],
  };
}

function condition(type: string, reason: string, message: string, lastTransitionTime: string): object {
  return { type, status: "True", reason, message, lastTransitionTime };
}
