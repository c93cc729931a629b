import { ApiError } from "../../api/api-error.ts";
import type { KubeObject } from "../../api/objects.ts";
import { FieldProblems } from "../field-problems.ts";
import type { Plugins, PrepareContext, Prepared, ResourceDefinition } from "../plugins.ts";
import { canonicalizeQuantities } from "./canonical-quantities.ts";
import { eventFromCore, eventToCore } from "./event-conversion.ts";
import { kindRules } from "./kind-rules.ts";
import { type BuiltinKind, builtinKinds } from "./kinds.ts";

const same = (object: KubeObject): KubeObject => object;

/** The definitions of all built-in kinds. */
export const builtinDefinitions = (plugins: Plugins): ResourceDefinition[] =>
  builtinKinds.map((kind) => definitionOf(kind, plugins));

const definitionOf = (kind: BuiltinKind, plugins: Plugins): ResourceDefinition => {
  const event = kind.plural === "events";
  const newEvent = event && kind.group !== "";
  const definition: ResourceDefinition = {
    group: kind.group,
    version: kind.version,
    plural: kind.plural,
    singular: kind.kind.toLowerCase(),
    kind: kind.kind,
    listKind: `${kind.kind}List`,
    shortNames: kind.shortNames ?? [],
    categories: kind.inAll === true ? ["all"] : [],
    namespaced: kind.clusterWide !== true,
    storage: event ? "events" : `${kind.group}/${kind.plural}`,
    storageVersion: kind.version,
    statusSubresource: kind.status === true,
    scale: kind.scale,
    custom: false,
    countsGenerations: kind.generations === true,
    schema: undefined,
    selectableFields: kind.selectable ?? [],
    deprecationWarning: undefined,
    toStorage: newEvent ? eventToCore : same,
    fromStorage: newEvent ? eventFromCore : same,
    prepare: (object, context) => prepare(object, context, definition, plugins),
  };
  return definition;
};

const prepare = (
  object: KubeObject,
  context: PrepareContext,
  definition: ResourceDefinition,
  plugins: Plugins,
): Prepared => {
  if (definition.plural === "customresourcedefinitions")
    return plugins.customResources.prepareDefinition(object, context);
  if (context.subresource === "status") return prepareStatus(object, definition, plugins);
  const known = decode(object, definition, plugins);
  const { defaults, validate } = kindRules[definition.plural] ?? {};
  const problems = new FieldProblems();
  canonicalizeQuantities(known.object);
  // Events are validated in the core group's form; of the newer group's nothing is checked beyond its fields.
  const rulesApply = definition.group !== "events.k8s.io";
  try {
    if (rulesApply) defaults?.(known.object, context);
    if (rulesApply) validate?.(known.object, context, problems);
  } catch (error) {
    // Rules read fields as their schema has them. Where the client sent another type they stumble.
    if (error instanceof TypeError) throw malformed(definition, error);
    throw error;
  }
  problems.throwIfAny(definition, known.object);
  return { object: known.object, unknownFields: known.unknownFields, warnings: [] };
};

/** The fields that the kind has. Managed fields are the server's own, shared with what is stored: they stay out of it. */
const decode = (
  object: KubeObject,
  definition: ResourceDefinition,
  plugins: Plugins,
): ReturnType<Plugins["builtinSchemas"]["dropUnknownFields"]> => {
  const { managedFields, ...metadata } = object.metadata;
  const known = plugins.builtinSchemas.dropUnknownFields({ ...object, metadata }, definition);
  if (managedFields !== undefined) known.object.metadata.managedFields = managedFields;
  return known;
};

/** Only the status changes: the rest is what it was, valid and perhaps shared with what is stored. */
const prepareStatus = (object: KubeObject, definition: ResourceDefinition, plugins: Plugins): Prepared => {
  const { apiVersion, kind, metadata, status } = object;
  canonicalizeQuantities(status);
  const part = { apiVersion, kind, metadata: { name: metadata.name }, status };
  const known = plugins.builtinSchemas.dropUnknownFields(part, definition);
  return { object: { ...object, status: known.object["status"] }, unknownFields: known.unknownFields, warnings: [] };
};

const malformed = ({ kind, version }: ResourceDefinition, cause: TypeError): ApiError => {
  const text = `${kind} in version "${version}" cannot be handled as a ${kind}: a field has a value of the wrong type (${cause.message})`;
  return Object.assign(new ApiError("BadRequest", text), { cause });
};
