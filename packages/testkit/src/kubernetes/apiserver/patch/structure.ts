/**
 * How values merge: what a patch or an apply may look into, and what it takes as a whole. Read from the built-in kinds'
 * types and from custom resources' schemas.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
 */
export type Structure = ObjectStructure | ListStructure | LeafStructure;

/** A scalar, or a value without a known type: objects in it merge by key, lists are taken as a whole. */
export interface LeafStructure {
  readonly kind: "leaf";
  /** An amount of a resource: texts that differ may be the same amount (`1`, `1000m`). */
  readonly quantity: boolean;
}

/** An object with named fields, a map, or both. */
export interface ObjectStructure {
  readonly kind: "object";
  /** Taken as a whole by server-side apply. */
  readonly atomic: boolean;
  /** Strategic merge patches replace it as a whole. */
  readonly replaced: boolean;
  /** The structure of a member; undefined for one that the type does not know. */
  member(name: string): Structure | undefined;
  /** True for a field of the type, false for an entry of a map. */
  isField(name: string): boolean;
}

/** A list. */
export interface ListStructure {
  readonly kind: "list";
  readonly items: Structure;
  readonly listType: "atomic" | "set" | "map";
  /** The fields that tell items of a `map` apart. */
  readonly keys: readonly string[];
  /** What absent keys count as. */
  readonly keyDefaults: Readonly<Record<string, string | number | boolean>>;
  /** The one field by which strategic merge patches tell items apart; undefined: they replace the list (or, of scalars with listType `set`, unite it). */
  readonly mergeKey: string | undefined;
}

/** A scalar or a value of unknown type. */
export const leafStructure: LeafStructure = Object.freeze({ kind: "leaf", quantity: false });

/** An amount of a resource. */
export const quantityStructure: LeafStructure = Object.freeze({ kind: "leaf", quantity: true });
