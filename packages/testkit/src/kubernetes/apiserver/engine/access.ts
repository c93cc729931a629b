import type { ApiAccess } from "../../api/access.ts";
import { ApiError } from "../../api/api-error.ts";
import type { ResourceId } from "../../api/objects.ts";
import { cloneJson, cloneObject } from "../json.ts";
import type { ResourceDefinition } from "../plugins.ts";
import type { Core } from "./core.ts";
import { create } from "./create.ts";
import { deleteObject } from "./delete.ts";
import { list } from "./list.ts";
import { patch } from "./patch.ts";
import { update } from "./update.ts";
import { type UserInfo } from "./user.ts";
import { watch } from "./watch.ts";
import { qualified, type WriteRequest } from "./write-request.ts";

const mergePatchType = "application/merge-patch+json";

/** The API from inside the process, on behalf of a user whom nobody asks for permission. */
export const createAccess = (core: Core, user: UserInfo): ApiAccess => {
  const definitionOf = (resource: ResourceId): ResourceDefinition => {
    const definition = core.definitions.get(resource);
    if (definition === undefined)
      throw new ApiError("NotFound", `the server does not serve ${qualified(resource)} in ${resource.version}`);
    return definition;
  };
  const requestOf = (resource: ResourceId, namespace: string | undefined, subresource?: "status"): WriteRequest => {
    const definition = definitionOf(resource);
    const scope = definition.namespaced ? namespace : undefined;
    return {
      definition,
      namespace: scope,
      user,
      manager: user.username,
      dryRun: false,
      fieldValidation: "Strict",
      subresource,
    };
  };
  const scaleOf = (resource: ResourceId, change: object): object => {
    const path = definitionOf(resource).scale?.specReplicasPath;
    const { spec } = change as { spec?: { replicas?: number } };
    if (path === undefined) throw new ApiError("NotFound", `${qualified(resource)} has no scale subresource`);
    return path
      .split(".")
      .filter(Boolean)
      .reduceRight<unknown>((value, field) => ({ [field]: value }), spec?.replicas) as object;
  };
  return {
    get: async (resource, { namespace, name }) => {
      const definition = definitionOf(resource);
      const stored = core.store.collection(definition.storage).get(definition.namespaced ? namespace : undefined, name);
      return stored === undefined ? undefined : core.served.object(definition, stored);
    },
    list: async (resource, options) => list(core, definitionOf(resource), options).items,
    create: async (resource, object) =>
      create(core, requestOf(resource, object.metadata.namespace), cloneObject(object)).object,
    update: async (resource, object) =>
      update(core, requestOf(resource, object.metadata.namespace), object.metadata.name, cloneObject(object), {
        unconditional: true,
        finalize: true,
      }).object,
    updateStatus: async (resource, object) =>
      update(
        core,
        requestOf(resource, object.metadata.namespace, "status"),
        object.metadata.name,
        cloneObject(object),
        {
          unconditional: true,
        },
      ).object,
    mergePatch: async (resource, { namespace, name }, change, subresource) => {
      const request = requestOf(resource, namespace, subresource === "status" ? "status" : undefined);
      const whole = subresource === "scale" ? scaleOf(resource, change) : cloneJson(change);
      return patch(core, request, name, mergePatchType, whole, { finalize: true }).object;
    },
    delete: async (resource, { namespace, name }, options) => {
      deleteObject(core, requestOf(resource, namespace), name, options);
    },
    watch: (resource, options, onEvent) => {
      const close = watch(core, definitionOf(resource), {
        options,
        since: undefined,
        onEvent: (type, object) => onEvent({ type, object }),
      });
      return { close };
    },
  };
};
