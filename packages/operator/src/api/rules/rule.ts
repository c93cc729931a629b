/** What is wrong with an object. `rule` says what must hold, in the words that the API server uses too. */
export interface Problem {
  /** Where, such as `spec.workerGroupSpecs[0].minReplicas`. */
  readonly field: string;
  readonly value: unknown;
  readonly rule: string;
}

/** One rule about a part of an object, once in CEL for the API server and once in code for the operator. */
export interface Rule<Self> {
  /** Name in the documentation; rules of one subject share it. */
  readonly name: string;
  /** The field at fault, below the part that the rule is about; "" for the part itself. */
  readonly field: string;
  /** What must hold: names the field, and says what to do instead where something is refused. */
  readonly message: string;
  /** The rule for the API server, where `self` is the part. Absent where CEL cannot see what it needs. */
  readonly cel?: string;
  /** The rule in code. Absent for rules about a change, which only the API server sees. */
  readonly holds?: (self: Self) => boolean;
  /** The API server says "Forbidden" instead of "Invalid value". */
  readonly forbidden?: true;
}

/** Rules about one part of an object. */
export interface RuleSet {
  /** Where the part is, from the object that the set belongs to; "*" stands for every item of a list. */
  readonly path: readonly string[];
  readonly rules: readonly Rule<never>[];
}

/** A set of rules about a part of type `Self`. */
export const ruleSet = <Self>(path: readonly string[], rules: readonly Rule<Self>[]): RuleSet => ({ path, rules });

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** Every value that `path` leads to, with its full name. */
function* partsAt(value: unknown, path: readonly string[], name: string): Generator<{ part: unknown; name: string }> {
  const [step, ...rest] = path;
  if (value === undefined || value === null) return;
  if (step === undefined) yield { part: value, name };
  else if (step === "*" && Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* partsAt(item, rest, `${name}[${index}]`);
  } else if (isMap(value)) yield* partsAt(value[step], rest, name === "" ? step : `${name}.${step}`);
}

const valueAt = (value: unknown, field: string): unknown =>
  field.split(".").reduce<unknown>((at, step) => (isMap(at) ? at[step] : undefined), value);

/** Rules of `sets` that do not hold for `object`, whose own name is `name` (such as `spec`). */
export const problemsOf = (sets: readonly RuleSet[], object: unknown, name: string): Problem[] => {
  const problems: Problem[] = [];
  for (const set of sets) {
    for (const found of partsAt(object, set.path, name)) {
      for (const rule of set.rules) {
        if (rule.holds === undefined || rule.holds(found.part as never)) continue;
        problems.push({
          field: [found.name, rule.field].filter((part) => part !== "").join("."),
          value: rule.field === "" ? found.part : valueAt(found.part, rule.field),
          rule: rule.message,
        });
      }
    }
  }
  return problems;
};
