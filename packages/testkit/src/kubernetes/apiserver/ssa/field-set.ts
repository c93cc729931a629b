import { differenceOf, intersectionOf, unionOf } from "./sets.ts";

/**
 * A set of fields: a tree whose edges are path elements as FieldsV1 writes them (`f:spec`, `k:{"name":"a"}`, `v:"x"`).
 * A member is owned itself; children are what is owned below it. Never changed once made.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */
export class FieldSet {
  static readonly empty = new FieldSet();
  readonly members: ReadonlySet<string>;
  readonly children: ReadonlyMap<string, FieldSet>;

  constructor(members: ReadonlySet<string> = new Set(), children: ReadonlyMap<string, FieldSet> = new Map()) {
    this.members = members;
    this.children = children;
  }

  get isEmpty(): boolean {
    return this.members.size === 0 && this.children.size === 0;
  }

  /** Whether the element or anything below it is owned. */
  touches(element: string): boolean {
    return this.members.has(element) || this.children.has(element);
  }

  child(element: string): FieldSet {
    return this.children.get(element) ?? FieldSet.empty;
  }

  union(other: FieldSet): FieldSet {
    if (this.isEmpty) return other;
    if (other.isEmpty) return this;
    return this.#combine(other, unionOf(this.members, other.members), (a, b) => a.union(b));
  }

  intersection(other: FieldSet): FieldSet {
    if (this.isEmpty || other.isEmpty) return FieldSet.empty;
    return this.#combine(other, intersectionOf(this.members, other.members), (a, b) => a.intersection(b));
  }

  difference(other: FieldSet): FieldSet {
    if (this.isEmpty || other.isEmpty) return this;
    return this.#combine(other, differenceOf(this.members, other.members), (a, b) => a.difference(b));
  }

  equals(other: FieldSet): boolean {
    if (this === other) return true;
    if (this.members.size !== other.members.size || this.children.size !== other.children.size) return false;
    if (differenceOf(this.members, other.members).size > 0) return false;
    return [...this.children].every(([element, child]) => child.equals(other.child(element)));
  }

  /** Without these elements and all below them. */
  without(elements: ReadonlySet<string>): FieldSet {
    const children = new Map([...this.children].filter(([element]) => !elements.has(element)));
    return new FieldSet(differenceOf(this.members, elements), children);
  }

  /** With another set below an element; without the element's children when that set is empty. */
  withChild(element: string, child: FieldSet): FieldSet {
    const children = new Map(this.children);
    if (child.isEmpty) children.delete(element);
    else children.set(element, child);
    return new FieldSet(this.members, children);
  }

  /** The paths of the members, as messages have them: `.spec.containers[name="a"].image`. */
  *paths(prefix = ""): Generator<string> {
    for (const element of [...this.members].toSorted()) yield prefix + elementText(element);
    for (const [element, child] of [...this.children].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      yield* child.paths(prefix + elementText(element));
    }
  }

  #combine(other: FieldSet, members: ReadonlySet<string>, combine: (a: FieldSet, b: FieldSet) => FieldSet): FieldSet {
    const children = new Map<string, FieldSet>();
    for (const element of new Set([...this.children.keys(), ...other.children.keys()])) {
      const child = combine(this.child(element), other.child(element));
      if (!child.isEmpty) children.set(element, child);
    }
    return new FieldSet(members, children);
  }
}

function elementText(element: string): string {
  const body = element.slice(2);
  if (element.startsWith("f:")) return `.${body}`;
  if (element.startsWith("v:")) return `[=${body}]`;
  if (!element.startsWith("k:")) return `[${body}]`;
  const keys = Object.entries(JSON.parse(body) as Record<string, unknown>);
  return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(",")}]`;
}
