/** Longest prefix first: `/` matches everything, another prefix the path itself and what continues it with `/`. */
export class RouteTable<R extends { readonly prefix: string }> {
  /** In the order they are tried. */
  readonly routes: readonly R[];

  constructor(routes: readonly R[]) {
    this.routes = routes.toSorted((a, b) => b.prefix.length - a.prefix.length);
  }

  match(path: string): R | undefined {
    for (const route of this.routes) {
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
