import { limits } from "../limits.ts";

/** How often a kind of request came. */
export interface RequestCount {
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; for other paths the method. */
  readonly verb: string;
  /** Plural and group, with the subresource: `pods`, `rayclusters.ray.io/status`; or a path. */
  readonly resource: string;
  /** The client's name, without its version. */
  readonly userAgent: string;
  readonly count: number;
  /** Those that were refused (status 400 and more). */
  readonly refused: number;
}

const others = { verb: "other", resource: "other", userAgent: "other" };

/** Counts requests, for load tests ("API calls a reconcile"). */
export class RequestCounts {
  readonly #counts = new Map<
    string,
    { verb: string; resource: string; userAgent: string; count: number; refused: number }
  >();

  add(verb: string, resource: string, userAgent: string | undefined, code: number): void {
    const client = (userAgent ?? "").split(/[\s/]/, 1)[0] ?? "";
    let kind = { verb, resource, userAgent: client };
    let key = `${verb} ${resource} ${client}`;
    if (!this.#counts.has(key) && this.#counts.size >= limits.requestKindsMax) {
      kind = others;
      key = "other";
    }
    const counted = this.#counts.get(key) ?? { ...kind, count: 0, refused: 0 };
    counted.count += 1;
    if (code >= 400) counted.refused += 1;
    this.#counts.set(key, counted);
  }

  all(): RequestCount[] {
    return [...this.#counts.values()].map((counted) => ({ ...counted }));
  }

  reset(): void {
    this.#counts.clear();
  }
}
