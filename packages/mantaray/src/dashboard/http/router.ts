import { MantaError } from "../../base/errors.ts";
import type { ApiRequest } from "./api-request.ts";
import type { Reply } from "./reply.ts";

export type Handler = (request: ApiRequest) => Promise<Reply> | Reply;

/** One method and path. `{name}` matches one segment. A trailing slash is part of the path. */
export interface Route {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly path: string;
  /** Answers without a token: health and what a client needs before it can have one. */
  readonly open?: boolean;
  readonly handler: Handler;
}

/** What a path and method lead to. */
export type Match =
  | { readonly kind: "route"; readonly route: Route; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: "wrong-method"; readonly allowed: readonly string[] }
  | { readonly kind: "none" };

interface Compiled {
  readonly route: Route;
  readonly segments: readonly string[];
}

/** The table of routes. HEAD goes where GET goes. */
export class Router {
  readonly #routes: readonly Compiled[];

  constructor(routes: readonly Route[]) {
    this.#routes = routes.map((route) => ({ route, segments: route.path.split("/") }));
  }

  match(method: string, path: string): Match {
    const segments = path.split("/");
    const wanted = method === "HEAD" ? "GET" : method;
    const allowed = new Set<string>();
    for (const { route, segments: pattern } of this.#routes) {
      const params = matchSegments(pattern, segments);
      if (params === undefined) continue;
      if (route.method === wanted) return { kind: "route", route, params };
      allowed.add(route.method);
      if (route.method === "GET") allowed.add("HEAD");
    }
    return allowed.size === 0 ? { kind: "none" } : { kind: "wrong-method", allowed: [...allowed].toSorted() };
  }
}

const matchSegments = (
  pattern: readonly string[],
  segments: readonly string[],
): Readonly<Record<string, string>> | undefined => {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? "";
    if (!part.startsWith("{")) {
      if (part !== segment) return undefined;
      continue;
    }
    if (segment === "") return undefined;
    params[part.slice(1, -1)] = decode(segment);
  }
  return params;
};

const decode = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new MantaError("invalid_argument", `malformed percent-encoding in the path: ${JSON.stringify(segment)}`);
  }
};
