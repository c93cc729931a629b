import type { ListOptions } from "../../api/access.ts";
import { ApiError } from "../../api/api-error.ts";
import type { KubeObject } from "../../api/objects.ts";
import type { ResourceDefinition } from "../plugins.ts";
import { parseSelection } from "../selectors/selection.ts";
import { keyOfObject } from "../storage/collection.ts";
import type { Core } from "./core.ts";

/** A list's query. https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks */
export interface ListRequest extends ListOptions {
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: string;
}

/** A list, or a page of it. */
export interface Listed {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  readonly continue: string | undefined;
  readonly remaining: number | undefined;
}

/** All selected objects at one version. Throws `ApiError` (BadRequest, Expired). */
export const list = (core: Core, definition: ResourceDefinition, request: ListRequest = {}): Listed => {
  const selection = parseSelection(request, definition);
  const page = request.continue === undefined ? undefined : parseToken(request.continue);
  const revision = page?.revision ?? exactRevision(core, request) ?? core.store.revision;
  const stored = core.store.collection(definition.storage).at(revision);
  if (stored === undefined) throw expired(revision, page !== undefined);
  const items: KubeObject[] = [];
  let more = 0;
  for (const each of stored) {
    if (page !== undefined && keyOfObject(each) <= page.after) continue;
    const object = core.served.object(definition, each);
    if (!selection(object)) continue;
    if (request.limit !== undefined && request.limit > 0 && items.length >= request.limit) more += 1;
    else items.push(object);
  }
  const last = items.at(-1);
  const selected = (request.labelSelector ?? "") !== "" || (request.fieldSelector ?? "") !== "";
  return {
    items,
    resourceVersion: String(revision),
    continue: more > 0 && last !== undefined ? token(revision, keyOfObject(last)) : undefined,
    remaining: more > 0 && !selected ? more : undefined,
  };
};

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#the-resourceversion-parameter */
const exactRevision = (core: Core, { resourceVersion, resourceVersionMatch }: ListRequest): number | undefined => {
  if (resourceVersionMatch !== undefined && !["Exact", "NotOlderThan"].includes(resourceVersionMatch)) {
    throw new ApiError(
      "Invalid",
      `ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Unsupported value: "${resourceVersionMatch}": supported values: "Exact", "NotOlderThan", ""`,
    );
  }
  if (resourceVersion === undefined || resourceVersion === "") {
    if (resourceVersionMatch === undefined) return undefined;
    throw new ApiError(
      "Invalid",
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    );
  }
  const revision = parseRevision(resourceVersion);
  if (revision > core.store.revision) {
    throw new ApiError("Timeout", `Too large resource version: ${revision}, current: ${core.store.revision}`, {
      retryAfterSeconds: 1,
    });
  }
  return resourceVersionMatch === "Exact" ? revision : undefined;
};

/** A resource version as a number. Throws `ApiError` (BadRequest). */
export const parseRevision = (text: string): number => {
  if (!/^\d+$/.test(text))
    throw new ApiError("BadRequest", `Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`);
  return Number(text);
};

const token = (revision: number, after: string): string =>
  Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: revision, start: after })).toString("base64url");

const parseToken = (text: string): { revision: number; after: string } => {
  try {
    const { rv, start } = JSON.parse(Buffer.from(text, "base64url").toString()) as { rv: unknown; start: unknown };
    if (typeof rv === "number" && typeof start === "string") return { revision: rv, after: start };
  } catch {
    // Told below.
  }
  throw new ApiError("BadRequest", "continue key is not valid: the token was not given by this server");
};

const expired = (revision: number, paged: boolean): ApiError =>
  new ApiError(
    "Expired",
    paged
      ? "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter."
      : `The resourceVersion for the provided list is too old: ${revision}`,
  );
