import { randomInt, randomUUID } from "node:crypto";
import { ApiError } from "../../api/api-error.ts";
import type { KubeObject } from "../../api/objects.ts";
import { invalidObject } from "../field-problems.ts";
import { limits } from "../limits.ts";
import type { ResourceDefinition } from "../plugins.ts";
import { acceptObject, judgeUnknownFields } from "./accept-object.ts";
import type { Core } from "./core.ts";
import { prepareObject } from "./prepare-object.ts";
import { qualified, type WriteRequest, type Written } from "./write-request.ts";

/** Without vowels and what looks like them: no words by chance. https://kubernetes.io/docs/reference/using-api/api-concepts/#generated-values */
const suffixAlphabet = "bcdfghjklmnpqrstvwxz2456789";
const suffixLength = 5;
const generatedBaseMax = 63 - suffixLength;

/** Kinds whose creator may give a status: nodes are registered with theirs; of the rest the rules set it. */
const withOwnStatus: ReadonlySet<string> = new Set([
  "nodes",
  "pods",
  "namespaces",
  "persistentvolumeclaims",
  "persistentvolumes",
]);

/**
 * Creates an object from a body, which it takes over. Throws `ApiError`.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/
 */
export const create = (core: Core, request: WriteRequest, body: unknown, tracked = false): Written => {
  const { definition, dryRun } = request;
  const { object: accepted, unknownFields } = acceptObject(body, definition, request.namespace);
  if (accepted.metadata.resourceVersion !== undefined) {
    throw new ApiError("BadRequest", "resourceVersion should not be set on objects to be created");
  }
  const managedFields = tracked ? accepted.metadata.managedFields : undefined;
  giveIdentity(core, accepted, definition);
  const { namespace, name } = accepted.metadata;
  const admission = {
    operation: "CREATE",
    definition,
    subresource: undefined,
    namespace,
    name,
    old: undefined,
    user: request.user,
    dryRun,
  } as const;
  if (definition.statusSubresource && !(withOwnStatus.has(definition.plural) && !definition.custom))
    delete accepted["status"];
  core.mutate({ ...admission, object: accepted });
  const prepared = prepareObject(definition, accepted, { operation: "CREATE", old: undefined, subresource: undefined });
  const { object } = prepared;
  const warnings = [
    ...prepared.warnings,
    ...judgeUnknownFields([...unknownFields, ...prepared.unknownFields], request.fieldValidation, definition),
  ];
  const collection = core.store.collection(definition.storage);
  if (collection.get(namespace, name) !== undefined) throw alreadyExists(definition, name);
  core.validate({ ...admission, object });
  const fields =
    managedFields ??
    core.plugins.patches.trackUpdate({
      before: undefined,
      after: object,
      manager: request.manager,
      definition,
      subresource: undefined,
      time: core.now(),
    });
  if (fields.length > 0) object.metadata.managedFields = fields;
  if (dryRun) return { object, warnings, created: true };
  const stored = core.store.put(definition.storage, definition.toStorage(object));
  return { object: core.served.object(definition, stored), warnings, created: true };
};

/** What only the server says of a new object. */
const giveIdentity = (core: Core, object: KubeObject, definition: ResourceDefinition): void => {
  const { metadata } = object;
  if (metadata.name === undefined) {
    if (metadata.generateName === undefined) {
      const message = "Required value: name or generateName is required";
      throw invalidObject(definition, "", [{ reason: "FieldValueRequired", field: "metadata.name", message }]);
    }
    metadata.name = generateName(core, metadata.generateName, metadata.namespace, definition);
  }
  metadata.uid = randomUUID();
  metadata.creationTimestamp = core.now();
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.managedFields;
  if (definition.countsGenerations) metadata.generation = 1;
  else delete metadata.generation;
};

const generateName = (
  core: Core,
  base: string,
  namespace: string | undefined,
  definition: ResourceDefinition,
): string => {
  const collection = core.store.collection(definition.storage);
  for (let attempt = 0; attempt < limits.generatedNamesMax; attempt += 1) {
    const suffix = Array.from({ length: suffixLength }, () => suffixAlphabet[randomInt(suffixAlphabet.length)]).join(
      "",
    );
    const name = `${base.slice(0, generatedBaseMax)}${suffix}`;
    if (collection.get(namespace, name) === undefined) return name;
  }
  throw new ApiError("AlreadyExists", `no free name was found for generateName "${base}"`);
};

const alreadyExists = (definition: ResourceDefinition, name: string): ApiError =>
  new ApiError("AlreadyExists", `${qualified(definition)} "${name}" already exists`, {
    name,
    group: definition.group,
    kind: definition.plural,
  });
