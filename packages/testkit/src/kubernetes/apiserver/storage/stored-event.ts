import type { KubeObject } from "../../api/objects.ts";

/** One change of a stored object. */
export interface StoredEvent {
  readonly revision: number;
  /** The object after the change; for a removal its last state with the removal's version. */
  readonly object: KubeObject;
  /** The object before; undefined: it is new. */
  readonly previous: KubeObject | undefined;
  readonly removed: boolean;
}

/** What a change is told to. */
export type StoreListener = (event: StoredEvent) => void;
