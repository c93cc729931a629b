/** What a pass over one key came to. */
export interface ReconcileResult {
  /** Look again after this long at the latest. Absent: when something changes, or at the resync. */
  readonly requeueAfterMs?: number;
  /** Part of the work failed: try again with the key's back-off (at the latest after `requeueAfterMs`). */
  readonly error?: Error | undefined;
}

/**
 * Brings one object to what it asks for. Level-triggered: it is given the key only, sees the caches, and may run at
 * any time, again and again; never twice at once for the same key. A rejection is an `error` too.
 */
export interface Reconciler {
  /** Such as `RayCluster`: names the queue, the metrics and the log lines. */
  readonly kind: string;
  /** Kind of the objects that it gets the keys of, where that is not `kind`: several may look after the same objects. */
  readonly objects?: string;
  /** `key`: `namespace/name`. The signal fires at shutdown, at a lost lease, or when the pass takes too long. */
  reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult>;
  /** Ends what it does beside passes, such as polls. Called once, after the last pass. */
  close?(): void;
}
