import { ApiError } from "../../api/api-error.ts";
import type { KubeObject, ObjectMeta } from "../../api/objects.ts";
import { invalidObject } from "../field-problems.ts";
import { cloneJson, cloneObject, equalJson, isObject } from "../json.ts";
import type { ResourceDefinition } from "../plugins.ts";
import { acceptObject, judgeUnknownFields } from "./accept-object.ts";
import type { Core } from "./core.ts";
import { prepareObject } from "./prepare-object.ts";
import { mayGo } from "./removal.ts";
import { conflict, notFound, type WriteRequest, type Written } from "./write-request.ts";

/** Told to whoever writes an old version. */
const modified = "the object has been modified; please apply your changes to the latest version and try again";

/** Options of an update that the request itself does not tell. */
export interface UpdateOptions {
  /** `metadata.managedFields` are right already (server-side apply). */
  readonly tracked?: boolean;
  /** Namespaces: `spec.finalizers` may change (the `finalize` subresource and the server's own controllers). */
  readonly finalize?: boolean;
  /** Custom resources must say which version they replace; patches and the server's own writes need not. */
  readonly unconditional?: boolean;
}

/**
 * Replaces an object, or the part of it that a subresource owns, by a body, which it takes over. An update that changes
 * nothing writes nothing. Throws `ApiError`. https://kubernetes.io/docs/reference/using-api/api-concepts/
 */
export const update = (
  core: Core,
  request: WriteRequest,
  name: string,
  body: unknown,
  options: UpdateOptions = {},
): Written => {
  const { definition, subresource } = request;
  const { object: sent, unknownFields } = acceptObject(body, definition, request.namespace);
  sent.metadata.name ??= name;
  if (sent.metadata.name !== name) {
    throw new ApiError(
      "BadRequest",
      `the name of the object (${sent.metadata.name}) does not match the name on the URL (${name})`,
    );
  }
  const stored = core.store.collection(definition.storage).get(request.namespace, name);
  if (stored === undefined) throw notFound(definition, name);
  const old = core.served.object(definition, stored);
  checkVersion(sent, old, definition, options);
  const next =
    subresource === "status" ? withStatus(sent, old, definition) : withoutStatus(sent, old, definition, options);
  keepIdentity(next.metadata, old.metadata);
  const admission = {
    operation: "UPDATE",
    definition,
    subresource,
    namespace: request.namespace,
    name,
    old,
    user: request.user,
    dryRun: request.dryRun,
  } as const;
  core.mutate({ ...admission, object: next });
  const prepared = prepareObject(definition, next, { operation: "UPDATE", old, subresource });
  const { object } = prepared;
  const warnings = [
    ...prepared.warnings,
    ...judgeUnknownFields([...unknownFields, ...prepared.unknownFields], request.fieldValidation, definition),
  ];
  core.validate({ ...admission, object });
  if (!settleFields(core, request, object, old, options)) return { object: old, warnings, created: false };
  if (request.dryRun) return { object, warnings, created: false };
  return { object: store(core, definition, object), warnings, created: false };
};

const checkVersion = (
  { metadata }: KubeObject,
  old: KubeObject,
  definition: ResourceDefinition,
  options: UpdateOptions,
): void => {
  const { uid, resourceVersion, name } = metadata;
  if (uid !== undefined && uid !== old.metadata.uid) {
    throw conflict(
      definition,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
    );
  }
  if (resourceVersion === undefined || resourceVersion === "0") {
    if (!definition.custom || options.unconditional === true) return;
    const message = "Invalid value: 0: must be specified for an update";
    throw invalidObject(definition, name, [
      { reason: "FieldValueInvalid", field: "metadata.resourceVersion", message },
    ]);
  }
  if (resourceVersion !== old.metadata.resourceVersion) throw conflict(definition, name, modified);
};

/** A write of the status leaves the rest; of pods and nodes labels and annotations may come along. */
const withStatus = (sent: KubeObject, old: KubeObject, definition: ResourceDefinition): KubeObject => {
  // What a built-in kind's status is validated by leaves the rest alone: it can be shared.
  const next = definition.custom ? cloneObject(old) : { ...old, metadata: { ...old.metadata } };
  if (sent["status"] === undefined) delete next["status"];
  else next["status"] = sent["status"];
  if (sent.metadata.managedFields !== undefined) next.metadata.managedFields = sent.metadata.managedFields;
  if (!definition.custom && (definition.plural === "pods" || definition.plural === "nodes")) {
    copyField(next.metadata, sent.metadata, "labels");
    copyField(next.metadata, sent.metadata, "annotations");
  }
  return next;
};

/** A write of the object leaves the status where that has its own subresource. */
const withoutStatus = (
  sent: KubeObject,
  old: KubeObject,
  definition: ResourceDefinition,
  options: UpdateOptions,
): KubeObject => {
  if (definition.statusSubresource) {
    if (old["status"] === undefined) delete sent["status"];
    else sent["status"] = cloneJson(old["status"]);
  }
  if (definition.storage === "/namespaces" && options.finalize !== true) sent["spec"] = cloneJson(old["spec"]);
  return sent;
};

/** What no client may change. */
const keepIdentity = (next: ObjectMeta, old: ObjectMeta): void => {
  for (const field of [
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "generateName",
    "resourceVersion",
  ] as const) {
    copyField(next, old, field);
  }
};

const copyField = (target: ObjectMeta, source: ObjectMeta, field: keyof ObjectMeta): void => {
  if (source[field] === undefined) delete (target as Partial<ObjectMeta>)[field];
  else Object.assign(target, { [field]: field === "managedFields" ? source[field] : cloneJson(source[field]) });
};

/** Sets generation and managed fields; false: nothing changed. */
const settleFields = (
  core: Core,
  request: WriteRequest,
  object: KubeObject,
  old: KubeObject,
  options: UpdateOptions,
): boolean => {
  const { definition, subresource, manager } = request;
  const unchanged = sameExceptManaged(object, old);
  if (options.tracked === true) {
    if (unchanged && equalJson(withoutTimes(object.metadata.managedFields), withoutTimes(old.metadata.managedFields)))
      return false;
  } else {
    // A client may hand over who owns what (kubectl does, when it takes up server-side apply); else what is stored counts.
    if ((object.metadata.managedFields ?? []).length === 0) copyField(object.metadata, old.metadata, "managedFields");
    const sameOwners = equalJson(object.metadata.managedFields, old.metadata.managedFields);
    if (unchanged && sameOwners) return false;
    const time = core.now();
    const fields = core.plugins.patches.trackUpdate({
      before: old,
      after: object,
      manager,
      definition,
      subresource,
      time,
    });
    if (fields.length > 0) object.metadata.managedFields = fields;
    else delete object.metadata.managedFields;
  }
  if (definition.countsGenerations && !sameContent(object, old, definition)) {
    object.metadata.generation = (old.metadata.generation ?? 0) + 1;
  }
  return true;
};

const sameExceptManaged = (a: KubeObject, b: KubeObject): boolean =>
  equalJson(
    { ...a, metadata: { ...a.metadata, managedFields: undefined } },
    { ...b, metadata: { ...b.metadata, managedFields: undefined } },
  );

const withoutTimes = (managedFields: readonly unknown[] | undefined): unknown =>
  (managedFields ?? []).map((entry) => (isObject(entry) ? { ...entry, time: undefined } : entry));

/** All but metadata, and but status where that has its own subresource (or the kind is built in). */
const sameContent = (a: KubeObject, b: KubeObject, definition: ResourceDefinition): boolean => {
  const status = definition.custom && !definition.statusSubresource ? {} : { status: undefined };
  const rest = { metadata: undefined, ...status };
  return equalJson({ ...a, ...rest }, { ...b, ...rest });
};

const store = (core: Core, definition: ResourceDefinition, object: KubeObject): KubeObject => {
  const form = definition.toStorage(object);
  const gone = mayGo(form) ? core.store.remove(definition.storage, form) : undefined;
  return core.served.object(definition, gone ?? core.store.put(definition.storage, form));
};
