import { ApiError } from "../../../api/api-error.ts";
import type { KubeObject } from "../../../api/objects.ts";
import { update } from "../../engine/update.ts";
import { conflict } from "../../engine/write-request.ts";
import { atPath, cloneJson, isObject, setAtPath } from "../../json.ts";
import type { ResourceDefinition, ScalePaths } from "../../plugins.ts";
import { selectorText } from "../../selectors/object-selector.ts";
import type { ResourceContext } from "../context.ts";
import { writeRequestOf } from "../query.ts";
import { bodyOf, currentOf, patchTypeOf } from "../resource-handler.ts";
import { sendJson } from "../respond.ts";

/** `…/scale`: the number of replicas in a form that fits all kinds. https://kubernetes.io/docs/reference/kubernetes-api/autoscaling-resources/scale-v1/ */
export const handleScale = async (context: ResourceContext): Promise<void> => {
  const { definition, info, response, deps, request } = context;
  const { scale: paths } = definition;
  if (paths === undefined) throw new ApiError("NotFound", "the server could not find the requested resource");
  const current = currentOf(context);
  const scale = scaleOf(current, paths);
  if (info.verb === "get") return sendJson(response, 200, scale);
  const body = await bodyOf(context);
  const wanted = info.verb === "patch" ? patched(context, scale, body, request.headers["content-type"] ?? "") : body;
  const { replicas, resourceVersion } = readScale(wanted, definition);
  if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion) {
    throw conflict(
      definition,
      current.metadata.name,
      "the object has been modified; please apply your changes to the latest version and try again",
    );
  }
  const next = cloneJson(current);
  setAtPath(next, paths.specReplicasPath, replicas);
  const written = update(deps.core, writeRequestOf(context), current.metadata.name, next, { unconditional: true });
  sendJson(response, 200, scaleOf(written.object, paths));
};

const scaleOf = (object: KubeObject, paths: ScalePaths): KubeObject => {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = paths.labelSelectorPath === undefined ? undefined : atPath(object, paths.labelSelectorPath);
  const text = isObject(selector) ? selectorText(selector) : selector;
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: cloneJson({ name, namespace, uid, resourceVersion, creationTimestamp }) as KubeObject["metadata"],
    spec: { replicas: numberAt(object, paths.specReplicasPath) },
    status: {
      replicas: numberAt(object, paths.statusReplicasPath),
      ...(typeof text === "string" ? { selector: text } : {}),
    },
  };
};

const numberAt = (object: KubeObject, path: string): number => Number(atPath(object, path) ?? 0);

const patched = (
  { deps, definition }: ResourceContext,
  scale: KubeObject,
  change: unknown,
  contentType: string,
): unknown => {
  const type = patchTypeOf(contentType.split(";", 1)[0]?.trim() ?? "");
  // A Scale has no lists: a strategic merge is a plain one.
  const plain = type === "application/strategic-merge-patch+json" ? "application/merge-patch+json" : type;
  return deps.core.plugins.patches.applyPatch(plain, change, scale, definition);
};

const readScale = (
  body: unknown,
  { plural }: ResourceDefinition,
): { replicas: number; resourceVersion: string | undefined } => {
  const replicas = atPath(body, "spec.replicas") ?? 0;
  if (typeof replicas !== "number" || !Number.isInteger(replicas) || replicas < 0) {
    throw new ApiError(
      "Invalid",
      `Scale "${plural}" is invalid: spec.replicas: Invalid value: ${JSON.stringify(replicas)}: must be greater than or equal to 0`,
    );
  }
  const version = atPath(body, "metadata.resourceVersion");
  return { replicas, resourceVersion: typeof version === "string" && version !== "" ? version : undefined };
};
