import type { Attributes } from "../auth/attributes.ts";
import type { UserInfo } from "../engine/user.ts";

/** A request's path, taken apart. https://kubernetes.io/docs/reference/using-api/api-concepts/#standard-api-terminology */
export type RequestInfo = ResourceRequest | PathRequest;

/** About a resource. */
export interface ResourceRequest {
  readonly kind: "resource";
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly namespace: string | undefined;
  /** Plural name. */
  readonly resource: string;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  /** What follows the subresource (`proxy`), with its slash; else "". */
  readonly rest: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

/** About anything else: discovery, health, schemas. */
export interface PathRequest {
  readonly kind: "path";
  readonly verb: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

const namespaceSubresources: ReadonlySet<string> = new Set(["status", "finalize"]);

/** Parses a request line. A path that is no resource's is a `PathRequest`, served or not. */
export const parseRequest = (method: string, url: string): RequestInfo => {
  const [rawPath = "/", rawQuery = ""] = url.split("?", 2);
  const query = new URLSearchParams(rawQuery);
  const segments = rawPath
    .split("/")
    .filter((segment) => segment !== "")
    .map(decode);
  const [root, ...others] = segments;
  const [group, version, parts] =
    root === "api" ? ["", others[0], others.slice(1)] : [others[0] ?? "", others[1], others.slice(2)];
  if ((root !== "api" && root !== "apis") || version === undefined || parts.length === 0) {
    return { kind: "path", verb: method.toLowerCase(), path: rawPath, query };
  }
  return { kind: "resource", group, version, path: rawPath, query, ...resourceOf(method, parts, query, rawPath) };
};

const resourceOf = (
  method: string,
  parts: readonly string[],
  query: URLSearchParams,
  path: string,
): Omit<ResourceRequest, "kind" | "group" | "version" | "path" | "query"> => {
  const [first = "", second, third] = parts;
  const inNamespace = first === "namespaces" && third !== undefined && !namespaceSubresources.has(third);
  const [resource = "", name, subresource, ...rest] = inNamespace ? parts.slice(2) : parts;
  // As the reference: a request about a namespace is one within it, so that its admins may read it.
  const namespace = inNamespace ? second : resource === "namespaces" ? name : undefined;
  const tail =
    rest.length === 0
      ? path.endsWith("/")
        ? "/"
        : ""
      : `/${rest.map(encodeURIComponent).join("/")}${path.endsWith("/") ? "/" : ""}`;
  const selected = name ?? nameOfSelector(query);
  return {
    verb: verbOf(method, name, query),
    namespace,
    resource,
    name: name ?? (method === "GET" ? undefined : selected),
    subresource,
    rest: tail,
  };
};

const verbOf = (method: string, name: string | undefined, query: URLSearchParams): string => {
  switch (method) {
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return name === undefined ? "deletecollection" : "delete";
    default:
      if (isTrue(query.get("watch"))) return "watch";
      return name === undefined ? "list" : "get";
  }
};

/** Whether a query's parameter is set, as the reference reads it. */
export const isTrue = (value: string | null): boolean => value !== null && !["", "0", "false"].includes(value);

/** Lists and watches of one object by name are allowed by `resourceNames`. */
const nameOfSelector = (query: URLSearchParams): string | undefined =>
  /(?:^|,)metadata\.name=+([^,]+)/.exec(query.get("fieldSelector") ?? "")?.[1];

/** What is asked of authorization. */
export const attributesOf = (info: RequestInfo, user: UserInfo): Attributes => {
  if (info.kind === "path") return { user, verb: info.verb, path: info.path };
  const { verb, group, resource, subresource, namespace, name } = info;
  return {
    user,
    verb,
    group,
    resource,
    subresource,
    namespace,
    name: name ?? nameOfSelector(info.query),
  };
};

const decode = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};
