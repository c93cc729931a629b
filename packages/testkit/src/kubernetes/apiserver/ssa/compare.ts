import { equalJson } from "../json.ts";
import type { Structure } from "../patch/structure.ts";
import { elementsOf } from "./elements.ts";
import { FieldSet } from "./field-set.ts";

/** What differs between two values. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

const nothing: Comparison = { added: FieldSet.empty, modified: FieldSet.empty, removed: FieldSet.empty };

/** What differs between two values of a structure, field by field. Parts that are the same object cost nothing. */
export function compare(before: unknown, after: unknown, structure: Structure): Comparison {
  if (before === after) return nothing;
  const collected = { added: new Builder(), modified: new Builder(), removed: new Builder() };
  const old = elementsOf(before, structure) ?? noElements;
  const now = elementsOf(after, structure) ?? noElements;
  for (const [name, { value, structure: below }] of now) {
    const former = old.get(name)?.value;
    if (former === value) continue;
    const isWhole = isLeaf(former, below) && isLeaf(value, below);
    if (former === undefined) collected.added.own(name);
    else if (isWhole && !equalJson(former, value)) collected.modified.own(name);
    else if (!isWhole && isLeaf(former, below) !== isLeaf(value, below)) collected.modified.own(name);
    if (!isWhole) compareBelow(name, former, value, below, collected);
  }
  for (const [name, { value, structure: below }] of old) {
    if (now.has(name)) continue;
    collected.removed.own(name);
    if (!isLeaf(value, below)) compareBelow(name, value, undefined, below, collected);
  }
  return { added: collected.added.set(), modified: collected.modified.set(), removed: collected.removed.set() };
}

const noElements: ReadonlyMap<string, { value: unknown; structure: Structure }> = new Map();

/** What has one owner as a whole; an empty object or list too. */
function isLeaf(value: unknown, structure: Structure): boolean {
  if (value === undefined) return true;
  return (elementsOf(value, structure)?.size ?? 0) === 0;
}

interface Builders {
  readonly added: Builder;
  readonly modified: Builder;
  readonly removed: Builder;
}

function compareBelow(name: string, before: unknown, after: unknown, structure: Structure, builders: Builders): void {
  const { added, modified, removed } = compare(before, after, structure);
  builders.added.put(name, added);
  builders.modified.put(name, modified);
  builders.removed.put(name, removed);
}

class Builder {
  readonly #members = new Set<string>();
  readonly #children = new Map<string, FieldSet>();

  own(name: string): void {
    this.#members.add(name);
  }

  put(name: string, child: FieldSet): void {
    if (!child.isEmpty) this.#children.set(name, child);
  }

  set(): FieldSet {
    return new FieldSet(this.#members, this.#children);
  }
}
