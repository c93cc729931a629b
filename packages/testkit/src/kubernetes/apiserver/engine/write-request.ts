import { ApiError } from "../../api/api-error.ts";
import type { KubeObject, ResourceId } from "../../api/objects.ts";
import type { FieldValidation, ResourceDefinition } from "../plugins.ts";
import type { UserInfo } from "./user.ts";

/** The circumstances of a write. */
export interface WriteRequest {
  readonly definition: ResourceDefinition;
  /** Of the path. Undefined for resources without namespaces. */
  readonly namespace: string | undefined;
  readonly user: UserInfo;
  /** Who the fields belong to from now on. */
  readonly manager: string;
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  readonly subresource: "status" | "scale" | undefined;
}

/** A write that was done, or would have been (`dryRun`). */
export interface Written {
  /** In the version of the request; frozen when it was stored. */
  readonly object: KubeObject;
  readonly warnings: readonly string[];
  readonly created: boolean;
}

/** `pods`, `rayclusters.ray.io`: as texts name a resource. */
export const qualified = ({ group, plural }: Pick<ResourceId, "group" | "plural">): string =>
  group === "" ? plural : `${plural}.${group}`;

/** `apps/v1`, `v1`. */
export const apiVersionOf = ({ group, version }: Pick<ResourceId, "group" | "version">): string =>
  group === "" ? version : `${group}/${version}`;

/** There is no such object. */
export const notFound = (definition: Pick<ResourceId, "group" | "plural">, name: string): ApiError =>
  new ApiError("NotFound", `${qualified(definition)} "${name}" not found`, {
    name,
    group: definition.group,
    kind: definition.plural,
  });

/** The object was written by somebody else meanwhile, or is another one. */
export const conflict = (definition: ResourceId, name: string, why: string): ApiError =>
  new ApiError("Conflict", `Operation cannot be fulfilled on ${qualified(definition)} "${name}": ${why}`, {
    name,
    group: definition.group,
    kind: definition.plural,
  });

/** Refused by a rule of admission or authorization. */
export const forbidden = (definition: Pick<ResourceId, "group" | "plural">, name: string, why: string): ApiError =>
  new ApiError("Forbidden", `${qualified(definition)} ${name === "" ? "" : `"${name}" `}is forbidden: ${why}`, {
    name,
    group: definition.group,
    kind: definition.plural,
  });
