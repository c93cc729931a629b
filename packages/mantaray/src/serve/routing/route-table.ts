import { deploymentKey, type Route } from "../../protocol/routing.ts";

/** A route with its deployment's key made once. */
export interface RouteMatch {
  readonly prefix: string;
  readonly app: string;
  readonly deployment: string;
  readonly key: string;
}

/** Longest prefix first: `/` matches everything, another prefix the path itself and what continues it with `/`. */
export class RouteTable {
  readonly #routes: readonly RouteMatch[];

  constructor(routes: readonly Route[]) {
    this.#routes = routes
      .map(({ prefix, app, deployment }) => ({ prefix, app, deployment, key: deploymentKey(app, deployment) }))
      .toSorted((a, b) => b.prefix.length - a.prefix.length);
  }

  /** Prefix → app, as `/-/routes` shows it. */
  get apps(): Record<string, string> {
    return Object.fromEntries(this.#routes.map(({ prefix, app }) => [prefix, app]));
  }

  get routes(): readonly RouteMatch[] {
    return this.#routes;
  }

  match(path: string): RouteMatch | undefined {
    for (const route of this.#routes) {
      if (matches(route.prefix, path)) return route;
    }
    return undefined;
  }
}

const slash = 47;

const matches = (prefix: string, path: string): boolean => {
  if (prefix === "/") return true;
  if (!path.startsWith(prefix)) return false;
  return path.length === prefix.length || path.charCodeAt(prefix.length) === slash;
};
