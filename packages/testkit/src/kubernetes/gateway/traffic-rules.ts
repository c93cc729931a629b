/** Where a share of the requests goes. `host` undefined: there is no such Service, those requests fail. */
export interface RuleBackend {
  readonly host: string | undefined;
  readonly port: number;
  readonly weight: number;
}

/** One path of a listener. */
export interface TrafficRule {
  readonly path: string;
  readonly exact: boolean;
  readonly backends: readonly RuleBackend[];
}

interface Turn {
  readonly backend: RuleBackend;
  credit: number;
}

/**
 * The rules of a listener. Exact paths go before prefixes, long prefixes before short ones; backends take turns by their
 * weights, evenly mixed, so that any hundred requests in a row are divided as the weights say.
 */
export class TrafficRules {
  readonly #rules: readonly { readonly rule: TrafficRule; readonly turns: readonly Turn[] }[];

  constructor(rules: readonly TrafficRule[]) {
    this.#rules = rules
      .toSorted((a, b) => Number(b.exact) - Number(a.exact) || b.path.length - a.path.length)
      .map((rule) => ({ rule, turns: rule.backends.map((backend) => ({ backend, credit: 0 })) }));
  }

  /** Undefined: no rule is for this path. `none`: the rule sends to nobody. */
  backendFor(path: string): RuleBackend | "none" | undefined {
    const found = this.#rules.find(({ rule }) => matches(rule, path));
    if (found === undefined) return undefined;
    return nextOf(found.turns) ?? "none";
  }
}

/** A prefix ends where a part of the path ends: `/a` is for `/a/b`, not for `/ab`. */
const matches = ({ path: wanted, exact }: TrafficRule, path: string): boolean => {
  if (exact || path === wanted) return path === wanted;
  return path.startsWith(wanted.endsWith("/") ? wanted : `${wanted}/`);
};

/** Each gets its weight in credit, the richest goes and pays for all. */
const nextOf = (turns: readonly Turn[]): RuleBackend | undefined => {
  let best: Turn | undefined;
  let sum = 0;
  for (const turn of turns) {
    const { weight } = turn.backend;
    if (weight === 0) continue;
    sum += weight;
    turn.credit += weight;
    if (best === undefined || turn.credit > best.credit) best = turn;
  }
  if (best !== undefined) best.credit -= sum;
  return best?.backend;
};
