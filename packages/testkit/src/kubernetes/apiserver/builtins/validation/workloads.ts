import type { Deployment, ReplicaSet, StatefulSet } from "kubernetes-types/apps/v1.d.ts";
import type { Job } from "kubernetes-types/batch/v1.d.ts";
import type { PodTemplateSpec } from "kubernetes-types/core/v1.d.ts";
import type { FieldProblems } from "../../field-problems.ts";
import { equalJson } from "../../json.ts";
import { validateLabels } from "../../metadata-rules.ts";
import type { PrepareContext } from "../../plugins.ts";
import { type LabelSelectorObject, selects } from "../../selectors/object-selector.ts";
import { validatePodSpec, validateReferences } from "./pod-spec.ts";

/** Deployment, ReplicaSet and StatefulSet: a selector that fits its template and never changes. https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#selector */
export const validateWorkload = (
  { spec }: Deployment | ReplicaSet | StatefulSet,
  { old }: PrepareContext,
  problems: FieldProblems,
): void => {
  if (spec?.selector === undefined) problems.required("spec.selector");
  if (spec?.template === undefined) {
    problems.required("spec.template");
    return;
  }
  if ((spec.replicas ?? 0) < 0) problems.invalid("spec.replicas", spec.replicas, "must be greater than or equal to 0");
  validateTemplate(withClaims(spec.template, spec), "spec.template", problems);
  const selector = spec.selector as LabelSelectorObject | undefined;
  if (selector !== undefined) {
    if (isEmpty(selector)) problems.invalid("spec.selector", selector, "empty selector is invalid for deployment");
    else if (!selects(selector, spec.template.metadata?.labels)) {
      problems.invalid(
        "spec.template.metadata.labels",
        spec.template.metadata?.labels ?? null,
        "`selector` does not match template `labels`",
      );
    }
  }
  if (spec.template.spec !== undefined && spec.template.spec.restartPolicy !== "Always") {
    problems.oneOf("spec.template.spec.restartPolicy", spec.template.spec.restartPolicy, ["Always"]);
  }
  const before = (old as Deployment | undefined)?.spec;
  if (before !== undefined) problems.immutable("spec.selector", selector, equalJson(selector, before.selector));
};

/** A StatefulSet's claims are volumes of its pods, before those of the same name. https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#volume-claim-templates */
const withClaims = (
  template: PodTemplateSpec,
  { volumeClaimTemplates: claims = [] }: Partial<NonNullable<StatefulSet["spec"]>>,
): PodTemplateSpec => {
  if (template.spec === undefined || !Array.isArray(claims) || claims.length === 0) return template;
  const names = new Set(claims.map(({ metadata }) => metadata?.name ?? ""));
  const others = (template.spec.volumes ?? []).filter(({ name }) => !names.has(name));
  return {
    ...template,
    spec: { ...template.spec, volumes: [...others, ...[...names].map((name) => ({ name, emptyDir: {} }))] },
  };
};

/** What of a StatefulSet may change. https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/ */
export const validateStatefulSet = (set: StatefulSet, context: PrepareContext, problems: FieldProblems): void => {
  validateWorkload(set, context, problems);
  const before = (context.old as StatefulSet | undefined)?.spec;
  const { spec } = set;
  if (before === undefined || spec === undefined) return;
  const fixed = ["serviceName", "podManagementPolicy", "volumeClaimTemplates"] as const;
  if (fixed.some((field) => !equalJson(spec[field], before[field]))) {
    problems.forbidden(
      "spec",
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    );
  }
};

/** https://kubernetes.io/docs/concepts/workloads/controllers/job/#writing-a-job-spec */
export const validateJob = ({ spec }: Job, { old }: PrepareContext, problems: FieldProblems): void => {
  if (spec?.template === undefined) {
    problems.required("spec.template");
    return;
  }
  validateTemplate(spec.template, "spec.template", problems);
  if (spec.template.spec !== undefined && spec.template.spec.restartPolicy === "Always") {
    problems.required("spec.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"');
  }
  for (const field of [
    "parallelism",
    "completions",
    "backoffLimit",
    "activeDeadlineSeconds",
    "ttlSecondsAfterFinished",
  ] as const) {
    if ((spec[field] ?? 0) < 0) problems.invalid(`spec.${field}`, spec[field], "must be greater than or equal to 0");
  }
  const before = (old as Job | undefined)?.spec;
  if (before === undefined) return;
  problems.immutable("spec.selector", spec.selector, equalJson(spec.selector, before.selector));
  problems.immutable("spec.completions", spec.completions, spec.completions === before.completions);
  // Only the scheduling of a suspended job may be changed; this server leaves that out, too.
  problems.immutable("spec.template", spec.template, equalJson(spec.template, before.template));
};

const validateTemplate = (template: PodTemplateSpec, path: string, problems: FieldProblems): void => {
  validateLabels(template.metadata?.labels, `${path}.labels`, problems);
  if (template.spec === undefined) {
    problems.required(`${path}.spec.containers`);
    return;
  }
  validatePodSpec(template.spec, `${path}.spec`, problems);
  validateReferences(template.spec, `${path}.spec`, problems);
};

const isEmpty = (selector: LabelSelectorObject): boolean =>
  Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0;
