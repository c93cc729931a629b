import type { Pod } from "kubernetes-types/core/v1.d.ts";
import type { KubeObject } from "../../api/objects.ts";
import type { AdmissionPlugin } from "../engine/admission-plugin.ts";
import { forbidden } from "../engine/write-request.ts";
import type { Store } from "../storage/store.ts";
import { baselineChecks, restrictedChecks } from "./pod-security-checks.ts";

const enforceLabel = "pod-security.kubernetes.io/enforce";
const versionLabel = "pod-security.kubernetes.io/enforce-version";

/** Refuses pods that break the standard of their namespace. https://kubernetes.io/docs/concepts/security/pod-security-admission/ */
export const podSecurityAdmission = (store: Store): AdmissionPlugin => ({
  validate: ({ operation, definition, object, namespace, name }) => {
    if (operation === "DELETE" || definition.storage !== "/pods" || namespace === undefined) return;
    const labels = store.collection("/namespaces").get(undefined, namespace)?.metadata.labels;
    const level = labels?.[enforceLabel];
    const { spec } = object as KubeObject & Pod;
    if (spec === undefined || (level !== "baseline" && level !== "restricted")) return;
    const checks = level === "restricted" ? [...baselineChecks, ...restrictedChecks] : baselineChecks;
    const violations = checks.flatMap((check) => check(spec) ?? []);
    if (violations.length === 0) return;
    throw forbidden(
      definition,
      name,
      `violates PodSecurity "${level}:${labels?.[versionLabel] ?? "latest"}": ${violations.join(", ")}`,
    );
  },
});
