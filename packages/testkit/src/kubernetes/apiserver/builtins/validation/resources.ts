import type { ResourceRequirements } from "kubernetes-types/core/v1.d.ts";
import type { FieldProblems } from "../../field-problems.ts";
import { qualifiedName } from "../../names.ts";
import { parseQuantity } from "../../quantity.ts";

const standard = /^(?:cpu|memory|ephemeral-storage|hugepages-.+)$/;

/** https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/ */
export const validateContainerResources = (
  resources: ResourceRequirements,
  path: string,
  problems: FieldProblems,
): void => {
  const { limits = {}, requests = {} } = resources;
  validateAmounts(limits, `${path}.limits`, problems);
  validateAmounts(requests, `${path}.requests`, problems);
  for (const [name, request] of Object.entries(requests)) {
    const [requested, limit] = [parseQuantity(request), parseQuantity(limits[name])];
    if (requested !== undefined && limit !== undefined && requested > limit) {
      problems.invalid(`${path}.requests`, request, `must be less than or equal to ${name} limit of ${limits[name]}`);
    }
    if (!standard.test(name) && name.includes("/") && limits[name] === undefined) {
      problems.required(`${path}.limits`, "Limit must be set for non overcommitable resources");
    }
  }
};

/** A map of resource names to quantities. */
export const validateAmounts = (
  amounts: Readonly<Record<string, string>>,
  path: string,
  problems: FieldProblems,
): void => {
  for (const [name, value] of Object.entries(amounts)) {
    for (const rule of qualifiedName(name)) problems.invalid(path, name, rule);
    const parsed = parseQuantity(value);
    if (parsed === undefined) {
      problems.invalid(
        `${path}[${name}]`,
        value,
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
      );
    } else if (parsed < 0n) problems.invalid(`${path}[${name}]`, value, "must be greater than or equal to 0");
    if (!standard.test(name) && !name.includes("/")) {
      problems.invalid(`${path}[${name}]`, name, "must be a standard resource type or fully qualified");
    }
  }
};
