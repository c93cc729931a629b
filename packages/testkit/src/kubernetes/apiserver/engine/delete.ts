import type { DeleteOptions } from "../../api/access.ts";
import type { KubeObject } from "../../api/objects.ts";
import { timestamp } from "../clock.ts";
import { invalidObject } from "../field-problems.ts";
import { atPath, cloneJson } from "../json.ts";
import type { ResourceDefinition } from "../plugins.ts";
import type { Core } from "./core.ts";
import { hasNamespaceFinalizers, mayGo } from "./removal.ts";
import { conflict, notFound, type WriteRequest } from "./write-request.ts";

/** What became of a deletion. */
export interface Deleted {
  /** The object: as it is now while something keeps it, else its last state. */
  readonly object: KubeObject;
  readonly gone: boolean;
}

/**
 * Deletes an object, or marks it for deletion: with finalizers until those are gone, pods until their kubelet is done.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-deletion Throws `ApiError`.
 */
export const deleteObject = (core: Core, request: WriteRequest, name: string, options: DeleteOptions = {}): Deleted => {
  const { definition, namespace } = request;
  const stored = core.store.collection(definition.storage).get(namespace, name);
  if (stored === undefined) throw notFound(definition, name);
  checkPreconditions(stored, definition, options);
  const served = core.served.object(definition, stored);
  core.validate({
    operation: "DELETE",
    definition,
    subresource: undefined,
    namespace,
    name,
    object: served,
    old: served,
    user: request.user,
    dryRun: request.dryRun,
  });
  const next = marked(core, stored, definition, options);
  if (request.dryRun) return { object: served, gone: mayGo(next) };
  if (mayGo(next)) {
    const last = core.store.remove(definition.storage, next) ?? next;
    return { object: core.served.object(definition, last), gone: true };
  }
  const kept = sameMark(next, stored) ? stored : core.store.put(definition.storage, next);
  return { object: core.served.object(definition, kept), gone: false };
};

const checkPreconditions = (
  { metadata }: KubeObject,
  definition: ResourceDefinition,
  { preconditions }: DeleteOptions,
): void => {
  const { uid, resourceVersion } = preconditions ?? {};
  if (uid !== undefined && uid !== metadata.uid) {
    throw conflict(
      definition,
      metadata.name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const versions = `ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion}`;
    throw conflict(definition, metadata.name, `Precondition failed: ${versions}`);
  }
};

/** A copy with the marks of deletion. */
const marked = (core: Core, stored: KubeObject, definition: ResourceDefinition, options: DeleteOptions): KubeObject => {
  const next = cloneJson(stored);
  const { metadata } = next;
  addFinalizer(next, options);
  const graceSeconds = graceOf(next, definition, options);
  const first = metadata.deletionTimestamp === undefined;
  if (!first && graceSeconds >= (metadata.deletionGracePeriodSeconds ?? 0)) return next;
  metadata.deletionTimestamp = timestamp(core.clock.wallMs() + graceSeconds * 1000);
  metadata.deletionGracePeriodSeconds = graceSeconds;
  if (first && definition.countsGenerations) metadata.generation = (metadata.generation ?? 0) + 1;
  if (hasNamespaceFinalizers(next))
    next["status"] = { ...(next["status"] as object | undefined), phase: "Terminating" };
  return next;
};

/** https://kubernetes.io/docs/concepts/architecture/garbage-collection/#cascading-deletion */
const addFinalizer = ({ metadata }: KubeObject, { propagationPolicy }: DeleteOptions): void => {
  if (propagationPolicy === undefined) return;
  const others = (metadata.finalizers ?? []).filter((each) => each !== "orphan" && each !== "foregroundDeletion");
  if (propagationPolicy === "Orphan") others.push("orphan");
  if (propagationPolicy === "Foreground") others.push("foregroundDeletion");
  if (others.length === 0) delete metadata.finalizers;
  else metadata.finalizers = others;
};

/** Only pods on a node take their time. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination */
const graceOf = (object: KubeObject, definition: ResourceDefinition, { gracePeriodSeconds }: DeleteOptions): number => {
  if (gracePeriodSeconds !== undefined && (gracePeriodSeconds < 0 || !Number.isInteger(gracePeriodSeconds))) {
    const message = `Invalid value: ${gracePeriodSeconds}: must be greater than or equal to 0`;
    throw invalidObject(definition, object.metadata.name, [
      { reason: "FieldValueInvalid", field: "gracePeriodSeconds", message },
    ]);
  }
  if (definition.storage !== "/pods") return 0;
  const phase = atPath(object, "status.phase");
  const bound = (atPath(object, "spec.nodeName") ?? "") !== "";
  if (!bound || phase === "Succeeded" || phase === "Failed") return 0;
  return gracePeriodSeconds ?? (atPath(object, "spec.terminationGracePeriodSeconds") as number | undefined) ?? 0;
};

const sameMark = (next: KubeObject, stored: KubeObject): boolean =>
  next.metadata.deletionTimestamp === stored.metadata.deletionTimestamp &&
  next.metadata.deletionGracePeriodSeconds === stored.metadata.deletionGracePeriodSeconds &&
  String(next.metadata.finalizers) === String(stored.metadata.finalizers);
