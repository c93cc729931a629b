import { FieldProblems } from "../../field-problems.ts";
import { isObject } from "../../json.ts";
import { dns1035Label, dns1123Subdomain } from "../../names.ts";
import { compileJsonPath } from "../../tables/json-path.ts";
import type { CustomResourceDefinitionSpec, CustomResourceDefinitionVersion } from "./definition-spec.ts";
import { validateSchema } from "./validate-schema.ts";

/**
 * What is wrong with a CustomResourceDefinition (its defaults are set). `old` is the stored spec, on an update.
 * https://kubernetes.io/docs/reference/kubernetes-api/extend-resources/custom-resource-definition-v1/#CustomResourceDefinitionSpec
 */
export function validateDefinition(
  name: string,
  spec: CustomResourceDefinitionSpec,
  old: CustomResourceDefinitionSpec | undefined,
): FieldProblems {
  const problems = new FieldProblems();
  if (!hasShape(spec, problems)) return problems;
  const { group, names, scope } = spec;
  if (name !== `${names.plural}.${group}`)
    problems.invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group');
  for (const rule of dns1123Subdomain(group)) problems.invalid("spec.group", group, rule);
  if (!group.includes(".")) problems.invalid("spec.group", group, "should be a domain with at least one dot");
  problems.oneOf("spec.scope", scope, ["Cluster", "Namespaced"]);
  validateNames(spec, problems);
  validateVersions(spec, problems);
  if (spec.conversion !== undefined && spec.conversion.strategy !== "None") {
    problems.invalid(
      "spec.conversion.strategy",
      spec.conversion.strategy,
      "this server converts with strategy None only",
    );
  }
  if (spec.preserveUnknownFields === true) {
    problems.invalid("spec.preserveUnknownFields", true, "must be false in order to use defaults in the schema");
  }
  if (old !== undefined) problems.immutable("spec.scope", scope, old.scope === scope);
  return problems;
}

/** Whether what the other checks read is there at all. */
function hasShape(spec: CustomResourceDefinitionSpec, problems: FieldProblems): boolean {
  if (!isObject(spec)) problems.required("spec");
  else {
    if (typeof spec.group !== "string" || spec.group === "") problems.required("spec.group");
    if (typeof spec.scope !== "string" || (spec.scope as string) === "") problems.required("spec.scope");
    if (!isObject(spec.names)) problems.required("spec.names");
    else {
      if (typeof spec.names.plural !== "string" || spec.names.plural === "") problems.required("spec.names.plural");
      if (typeof spec.names.kind !== "string" || spec.names.kind === "") problems.required("spec.names.kind");
    }
    if (!Array.isArray(spec.versions) || spec.versions.length === 0) problems.required("spec.versions");
  }
  return problems.causes.length === 0;
}

function validateNames({ names }: CustomResourceDefinitionSpec, problems: FieldProblems): void {
  const lower = { plural: names.plural, singular: names.singular ?? "" };
  for (const [field, value] of Object.entries(lower)) {
    if (value !== "") for (const rule of dns1035Label(value)) problems.invalid(`spec.names.${field}`, value, rule);
  }
  for (const [field, value] of Object.entries({ kind: names.kind, listKind: names.listKind ?? "" })) {
    if (value !== "")
      for (const rule of dns1035Label(value.toLowerCase()))
        problems.invalid(`spec.names.${field}`, value, `may have mixed case, but should otherwise match: ${rule}`);
  }
  if (names.listKind === names.kind)
    problems.invalid("spec.names.listKind", names.listKind, "kind and listKind may not be the same");
  for (const [index, short] of (names.shortNames ?? []).entries()) {
    for (const rule of dns1035Label(short)) problems.invalid(`spec.names.shortNames[${index}]`, short, rule);
  }
}

function validateVersions({ versions }: CustomResourceDefinitionSpec, problems: FieldProblems): void {
  if (versions.filter((version) => version.storage).length !== 1) {
    problems.invalid(
      "spec.versions",
      versions.map(({ name }) => name),
      "must have exactly one version marked as storage version",
    );
  }
  if (new Set(versions.map(({ name }) => name)).size !== versions.length) {
    problems.invalid(
      "spec.versions",
      versions.map(({ name }) => name),
      "must contain unique version names",
    );
  }
  for (const [index, version] of versions.entries()) validateVersion(version, `spec.versions[${index}]`, problems);
}

function validateVersion(version: CustomResourceDefinitionVersion, path: string, problems: FieldProblems): void {
  for (const rule of dns1035Label(version.name ?? "")) problems.invalid(`${path}.name`, version.name, rule);
  const schema = version.schema?.openAPIV3Schema;
  if (schema === undefined) problems.required(`${path}.schema.openAPIV3Schema`, "schemas are required");
  else validateSchema(schema, `${path}.schema.openAPIV3Schema`, problems);
  const scale = version.subresources?.scale;
  if (scale !== undefined) {
    simplePath(scale.specReplicasPath, ".spec.", `${path}.subresources.scale.specReplicasPath`, problems);
    simplePath(scale.statusReplicasPath, ".status.", `${path}.subresources.scale.statusReplicasPath`, problems);
  }
  for (const [index, column] of (version.additionalPrinterColumns ?? []).entries()) {
    const at = `${path}.additionalPrinterColumns[${index}]`;
    if (!column.name) problems.required(`${at}.name`);
    if (!column.jsonPath) problems.required(`${at}.jsonPath`);
    else validateJsonPath(column.jsonPath, `${at}.jsonPath`, problems);
    problems.oneOf(`${at}.type`, column.type, ["integer", "number", "string", "boolean", "date"]);
  }
}

function validateJsonPath(path: string, field: string, problems: FieldProblems): void {
  try {
    compileJsonPath(path);
  } catch (error) {
    problems.invalid(field, path, (error as Error).message);
  }
}

function simplePath(path: string | undefined, prefix: string, field: string, problems: FieldProblems): void {
  if (path === undefined || path === "") problems.required(field);
  else if (!path.startsWith(prefix))
    problems.invalid(field, path, `should be a json path under ${prefix.slice(0, -1)}`);
}
