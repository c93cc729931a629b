import type { KubeObject } from "../../api/objects.ts";
import { invalidObject } from "../field-problems.ts";
import type { PrepareContext, Prepared, ResourceDefinition } from "../plugins.ts";
import { type CompiledSchema, compileSchema } from "./compile-schema.ts";
import { DefaultedObjects } from "./defaulted-objects.ts";
import type { CustomResourceDefinitionSpec, CustomResourceDefinitionVersion } from "./definition/definition-spec.ts";
import type { JsonSchema } from "./schema/json-schema.ts";

/** Makes one version of a CustomResourceDefinition a resource that the server serves. Throws `Error` on rules that do not parse. */
export function customDefinition(
  spec: CustomResourceDefinitionSpec,
  version: CustomResourceDefinitionVersion,
): ResourceDefinition {
  const { group, names } = spec;
  const schema = version.schema?.openAPIV3Schema ?? { type: "object" };
  const statusSubresource = version.subresources?.status !== undefined;
  const parts = compileParts(schema, statusSubresource);
  const storageVersion = spec.versions.find((candidate) => candidate.storage)?.name ?? version.name;
  const withVersion = (object: KubeObject, name: string): KubeObject => {
    const apiVersion = `${group}/${name}`;
    return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
  };
  const defaulted = new DefaultedObjects([parts.main, parts.status]);
  const definition: ResourceDefinition = {
    group,
    version: version.name,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    kind: names.kind,
    listKind: names.listKind ?? `${names.kind}List`,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: spec.scope === "Namespaced",
    storage: `${group}/${names.plural}`,
    storageVersion,
    statusSubresource,
    scale: version.subresources?.scale,
    custom: true,
    countsGenerations: true,
    schema,
    printerColumns: version.additionalPrinterColumns ?? [],
    selectableFields: (version.selectableFields ?? []).map(({ jsonPath }) => jsonPath.replace(/^\./u, "")),
    deprecationWarning: deprecationOf(spec, version),
    toStorage: (object) => withVersion(object, storageVersion),
    fromStorage: (object) => defaulted.of(withVersion(object, version.name)),
    prepare: (object, context) => {
      const prepared = prepare(object, context, parts, spec);
      defaulted.add(prepared.object);
      return prepared;
    },
  };
  return definition;
}

/** The schema by the part that a request writes: a status subresource parts the status from the rest. */
interface SchemaParts {
  /** All, or all but the status. */
  readonly main: CompiledSchema;
  /** Undefined without a status subresource. */
  readonly status: CompiledSchema | undefined;
}

function compileParts(schema: JsonSchema, statusSubresource: boolean): SchemaParts {
  if (!statusSubresource) return { main: compileSchema(schema), status: undefined };
  const { status, ...others } = schema.properties ?? {};
  const untouched: JsonSchema = { "x-kubernetes-preserve-unknown-fields": true };
  const kept = Object.fromEntries(Object.keys(others).map((name) => [name, untouched]));
  const { required: _required, ...base } = schema;
  const onlyMain = { ...schema, properties: { ...others, status: untouched } };
  const onlyStatus = { ...base, properties: { ...kept, ...(status === undefined ? {} : { status }) } };
  return { main: compileSchema(onlyMain, schema), status: compileSchema(onlyStatus, schema) };
}

function prepare(
  object: KubeObject,
  context: PrepareContext,
  parts: SchemaParts,
  spec: CustomResourceDefinitionSpec,
): Prepared {
  const { old, subresource } = context;
  const compiled = subresource === "status" ? (parts.status ?? parts.main) : parts.main;
  const merged = parts.status === undefined ? object : onlyPart(object, old, subresource === "status");
  const unknownFields = compiled.prune(merged);
  compiled.applyDefaults?.(merged);
  const causes = compiled.validate(merged, old);
  if (causes.length > 0) {
    throw invalidObject(
      { kind: spec.names.kind, group: spec.group },
      object.metadata.name || object.metadata.generateName || "",
      causes,
    );
  }
  return { object: merged, unknownFields, warnings: [] };
}

/**
 * The object with only its status, or all but its status, changed.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#status-subresource
 */
function onlyPart(object: KubeObject, old: KubeObject | undefined, ofStatus: boolean): KubeObject {
  const { status, ...rest } = object;
  if (!ofStatus) return { ...rest, ...statusOf(old?.["status"]) };
  const { status: _old, ...stored } = old ?? rest;
  const { apiVersion, kind, metadata } = object;
  return { ...stored, apiVersion, kind, metadata, ...statusOf(status) };
}

function statusOf(status: unknown): { status?: unknown } {
  return status === undefined ? {} : { status };
}

function deprecationOf(
  spec: CustomResourceDefinitionSpec,
  version: CustomResourceDefinitionVersion,
): string | undefined {
  if (version.deprecated !== true) return undefined;
  return version.deprecationWarning ?? `${spec.group}/${version.name} ${spec.names.kind} is deprecated`;
}
