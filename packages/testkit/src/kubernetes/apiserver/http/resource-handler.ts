import { ApiError } from "../../api/api-error.ts";
import type { KubeObject } from "../../api/objects.ts";
import { create } from "../engine/create.ts";
import { deleteObject } from "../engine/delete.ts";
import { list } from "../engine/list.ts";
import { apply, patch } from "../engine/patch.ts";
import { update } from "../engine/update.ts";
import { apiVersionOf, notFound, type Written } from "../engine/write-request.ts";
import { isObject } from "../json.ts";
import type { PatchType } from "../plugins.ts";
import { parseBody, readBody } from "./body.ts";
import type { ResourceContext } from "./context.ts";
import { deleteOptionsOf, listOptionsOf, writeRequestOf } from "./query.ts";
import { isTrue } from "./request-info.ts";
import { addWarnings, sendJson } from "./respond.ts";
import { includeOf, partialMetadata, tableOf } from "./table.ts";
import { handleWatch } from "./watch-request.ts";

const applyType = "application/apply-patch+yaml";
const patchTypes: ReadonlySet<string> = new Set<PatchType>([
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
]);

/** Answers a request about objects themselves or their status. https://kubernetes.io/docs/reference/using-api/api-concepts/ */
export const handleResource = async (context: ResourceContext, subresource?: "status"): Promise<void> => {
  const { info } = context;
  switch (info.verb) {
    case "get":
      return sendObject(context, 200, currentOf(context));
    case "list":
      return sendList(context);
    case "watch":
      return handleWatch(context);
    case "create":
      return handleCreate(context);
    case "update":
      return handleUpdate(context, subresource);
    case "patch":
      return handlePatch(context, subresource);
    case "delete":
      return handleDelete(context);
    case "deletecollection":
      return handleDeleteCollection(context);
    default:
      throw new ApiError("MethodNotAllowed", "the server does not allow this method on the requested resource");
  }
};

/** The object that the path names. Throws `ApiError` (NotFound). */
export const currentOf = ({ deps, definition, namespace, info }: ResourceContext): KubeObject => {
  const name = info.name ?? "";
  const stored = deps.core.store.collection(definition.storage).get(namespace, name);
  if (stored === undefined) throw notFound(definition, name);
  return deps.core.served.object(definition, stored);
};

/** The request's body, parsed. */
export const bodyOf = async ({ request }: Pick<ResourceContext, "request">): Promise<unknown> =>
  parseBody(await readBody(request), request.headers["content-type"] ?? "");

/** Sends one object in the form that the client asked for. */
export const sendObject = (context: ResourceContext, code: number, object: KubeObject): void => {
  const { deps, response, representation, definition, info } = context;
  const { core } = deps;
  if (representation === "metadata") return sendJson(response, code, partialMetadata(object));
  if (representation === "table") {
    const metadata = { resourceVersion: object.metadata.resourceVersion };
    const options = { metadata, include: includeOf(info.query), now: new Date(core.clock.wallMs()) };
    return sendJson(response, code, tableOf(core.plugins.tables.printerOf(definition), [object], options));
  }
  if (isTrue(info.query.get("pretty"))) return sendJson(response, code, `${JSON.stringify(object, undefined, 2)}\n`);
  sendJson(response, code, Object.isFrozen(object) ? core.served.text(object) : object);
};

const sendWritten = (context: ResourceContext, written: Written): void => {
  addWarnings(context.response, [...deprecation(context), ...written.warnings]);
  sendObject(context, written.created ? 201 : 200, written.object);
};

const deprecation = ({ definition }: ResourceContext): string[] =>
  definition.deprecationWarning === undefined ? [] : [definition.deprecationWarning];

const sendList = (context: ResourceContext): void => {
  const { deps, response, definition, representation, info } = context;
  const { core } = deps;
  if (info.query.has("sendInitialEvents")) {
    throw new ApiError(
      "Invalid",
      'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list',
    );
  }
  const listed = list(core, definition, listOptionsOf(context));
  const metadata = {
    resourceVersion: listed.resourceVersion,
    continue: listed.continue,
    remainingItemCount: listed.remaining,
  };
  addWarnings(response, deprecation(context));
  if (representation === "table") {
    const options = { metadata, include: includeOf(info.query), now: new Date(core.clock.wallMs()) };
    return sendJson(response, 200, tableOf(core.plugins.tables.printerOf(definition), listed.items, options));
  }
  if (representation === "metadata") {
    const items = listed.items.map(partialMetadata);
    return sendJson(response, 200, {
      kind: "PartialObjectMetadataList",
      apiVersion: "meta.k8s.io/v1",
      metadata,
      items,
    });
  }
  const head = JSON.stringify({ kind: definition.listKind, apiVersion: apiVersionOf(definition), metadata });
  sendJson(
    response,
    200,
    `${head.slice(0, -1)},"items":[${listed.items.map((item) => core.served.listText(item)).join(",")}]}`,
  );
};

const handleCreate = async (context: ResourceContext): Promise<void> => {
  const body = await bodyOf(context);
  if (context.info.name !== undefined)
    throw new ApiError("MethodNotAllowed", "the server does not allow this method on the requested resource");
  sendWritten(context, create(context.deps.core, writeRequestOf(context), body));
};

const handleUpdate = async (context: ResourceContext, subresource: "status" | undefined): Promise<void> => {
  const body = await bodyOf(context);
  sendWritten(context, update(context.deps.core, writeRequestOf(context, subresource), context.info.name ?? "", body));
};

const handlePatch = async (context: ResourceContext, subresource: "status" | undefined): Promise<void> => {
  const { deps, request, info } = context;
  const body = await bodyOf(context);
  const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim() ?? "";
  const write = writeRequestOf(context, subresource);
  const name = info.name ?? "";
  if (type === applyType) {
    if ((info.query.get("fieldManager") ?? "") === "") {
      throw new ApiError(
        "Invalid",
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      );
    }
    if (!isObject(body)) throw new ApiError("BadRequest", "error decoding YAML: the body is not an object");
    return sendWritten(context, apply(deps.core, write, name, body as KubeObject, isTrue(info.query.get("force"))));
  }
  sendWritten(context, patch(deps.core, write, name, patchTypeOf(type), body));
};

/** Throws `ApiError` (UnsupportedMediaType). */
export const patchTypeOf = (type: string): PatchType => {
  if (patchTypes.has(type)) return type as PatchType;
  throw new ApiError(
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${[...patchTypes, applyType].join(", ")}`,
  );
};

const handleDelete = async (context: ResourceContext): Promise<void> => {
  const { deps, definition, info } = context;
  const options = deleteOptionsOf(info.query, await bodyOf(context));
  const { object, gone } = deleteObject(
    deps.core,
    { ...writeRequestOf(context), dryRun: options.dryRun },
    info.name ?? "",
    options,
  );
  if (!gone) return sendObject(context, 200, object);
  const { name, uid } = object.metadata;
  const details = {
    name,
    ...(definition.group === "" ? {} : { group: definition.group }),
    kind: definition.plural,
    uid,
  };
  sendJson(context.response, 200, { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details });
};

const handleDeleteCollection = async (context: ResourceContext): Promise<void> => {
  const { deps, definition, info, response } = context;
  const { core } = deps;
  const options = deleteOptionsOf(info.query, await bodyOf(context));
  const listed = list(core, definition, listOptionsOf(context));
  const write = writeRequestOf(context);
  const items: KubeObject[] = [];
  for (const { metadata } of listed.items) {
    const request = { ...write, namespace: metadata.namespace, dryRun: options.dryRun };
    if (core.store.collection(definition.storage).get(metadata.namespace, metadata.name) === undefined) continue;
    items.push(deleteObject(core, request, metadata.name, options).object);
  }
  const metadata = { resourceVersion: String(core.store.revision) };
  sendJson(response, 200, { kind: definition.listKind, apiVersion: apiVersionOf(definition), metadata, items });
};
