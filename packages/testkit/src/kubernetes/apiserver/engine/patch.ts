import { ApiError } from "../../api/api-error.ts";
import type { KubeObject } from "../../api/objects.ts";
import { canonicalizeQuantities } from "../builtins/canonical-quantities.ts";
import { cloneObject } from "../json.ts";
import type { PatchType } from "../plugins.ts";
import type { Core } from "./core.ts";
import { create } from "./create.ts";
import { type UpdateOptions, update } from "./update.ts";
import { notFound, type WriteRequest, type Written } from "./write-request.ts";

/** Patches an object. https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply Throws `ApiError`. */
export const patch = (
  core: Core,
  request: WriteRequest,
  name: string,
  type: PatchType,
  change: unknown,
  options: UpdateOptions = {},
): Written => {
  const { definition, namespace } = request;
  const current = present(core, request, name);
  if (current === undefined) throw notFound(definition, name);
  if (type === "application/strategic-merge-patch+json" && definition.custom) {
    throw new ApiError(
      "UnsupportedMediaType",
      "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
    );
  }
  const patched = mutable(request, core.plugins.patches.applyPatch(type, change, current, definition));
  return update(core, { ...request, namespace }, name, patched, { ...options, unconditional: true });
};

/** Server-side apply: creates or merges. https://kubernetes.io/docs/reference/using-api/server-side-apply/ Throws `ApiError`. */
export const apply = (
  core: Core,
  request: WriteRequest,
  name: string,
  applied: KubeObject,
  force: boolean,
): Written => {
  const { definition, manager, subresource } = request;
  const current = present(core, request, name);
  if (current === undefined && subresource !== undefined) throw notFound(definition, name);
  const time = core.now();
  if (!definition.custom) canonicalizeQuantities(applied);
  const merged = cloneObject(
    core.plugins.patches.serverSideApply({ current, applied, manager, force, definition, subresource, time }),
  );
  if (current !== undefined) return update(core, request, name, merged, { tracked: true, unconditional: true });
  merged.metadata.name ??= name;
  return create(core, request, merged, true);
};

/** What is patched shares parts with what is stored. A write of a status changes nothing else, so that the rest may. */
const mutable = ({ subresource }: WriteRequest, patched: KubeObject): KubeObject =>
  subresource === "status"
    ? { ...patched, ...cloneObject({ ...picked(patched), status: patched["status"] }) }
    : cloneObject(patched);

const picked = ({ apiVersion, kind, metadata }: KubeObject): KubeObject => ({ apiVersion, kind, metadata });

const present = (core: Core, { definition, namespace }: WriteRequest, name: string): KubeObject | undefined => {
  const stored = core.store.collection(definition.storage).get(namespace, name);
  return stored === undefined ? undefined : core.served.object(definition, stored);
};
