import type { KubeObject } from "../../api/objects.ts";
import { cloneJson } from "../json.ts";
import type { ResourceDefinition } from "../plugins.ts";
import type { Core } from "./core.ts";
import { deleteObject } from "./delete.ts";
import { internalUser } from "./user.ts";

const storage = "apiextensions.k8s.io/customresourcedefinitions";
/** Keeps a definition until its objects are gone. */
const cleanup = "customresourcecleanup.apiextensions.k8s.io";

/**
 * Serves the kinds of stored CustomResourceDefinitions, and clears their objects away with them.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
 */
export const followCustomKinds = (core: Core): void => {
  core.store.collection(storage).listen(({ object, previous, removed }) => {
    const key = storageOf(object);
    if (removed) {
      core.definitions.setCustom(key, []);
      return;
    }
    if (previous === undefined || previous.metadata.generation !== object.metadata.generation) {
      core.definitions.setCustom(key, core.plugins.customResources.definitionsOf(object));
      if (previous === undefined)
        core.store.collection(key).listen((event) => event.removed && finishCleanup(core, object.metadata.name));
    }
    if (object.metadata.deletionTimestamp === undefined) return keepUntilCleared(core, object);
    if (previous?.metadata.deletionTimestamp === undefined) clear(core, object);
  });
};

const storageOf = (definition: KubeObject): string => {
  const { group, names } = definition["spec"] as { group: string; names: { plural: string } };
  return `${group}/${names.plural}`;
};

const keepUntilCleared = (core: Core, object: KubeObject): void => {
  if (object.metadata.finalizers?.includes(cleanup)) return;
  const next = cloneJson(object);
  next.metadata.finalizers = [...(next.metadata.finalizers ?? []), cleanup];
  core.store.put(storage, next);
};

const clear = (core: Core, object: KubeObject): void => {
  const definition = core.definitions.all().find((each) => each.custom && each.storage === storageOf(object));
  if (definition !== undefined)
    for (const { metadata } of core.store.collection(definition.storage).all()) clearOne(core, definition, metadata);
  finishCleanup(core, object.metadata.name);
};

const clearOne = (core: Core, definition: ResourceDefinition, { namespace, name }: KubeObject["metadata"]): void => {
  const request = {
    definition,
    namespace,
    user: internalUser,
    manager: internalUser.username,
    dryRun: false,
    fieldValidation: "Ignore",
    subresource: undefined,
  } as const;
  deleteObject(core, request, name);
};

const finishCleanup = (core: Core, name: string): void => {
  const object = core.store.collection(storage).get(undefined, name);
  if (object?.metadata.deletionTimestamp === undefined || core.store.collection(storageOf(object)).size > 0) return;
  const next = cloneJson(object);
  const finalizers = (next.metadata.finalizers ?? []).filter((each) => each !== cleanup);
  if (finalizers.length === 0) core.store.remove(storage, next);
  else {
    next.metadata.finalizers = finalizers;
    core.store.put(storage, next);
  }
};
