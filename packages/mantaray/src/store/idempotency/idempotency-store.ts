/** Who wants to work on a key, and for how long at most without a word. */
export interface KeyClaim {
  /** Tells requests apart that carry the same key: the same request has the same. */
  readonly fingerprint: string;
  /** Names the run: nobody else uses it. */
  readonly holder: string;
  readonly leaseMs: number;
  /** A holder that is known to be dead: the key is taken from it. */
  readonly deadHolder?: string;
}

/** What became of a claim. */
export type ClaimOutcome =
  | { readonly kind: "claimed" }
  /** Somebody works on it. */
  | { readonly kind: "running"; readonly fingerprint: string; readonly holder: string }
  /** It was worked on; `answer` is what `finish` was given. */
  | { readonly kind: "finished"; readonly fingerprint: string; readonly answer: Buffer };

/**
 * What became of the requests that carried a key, shared by all who may get the same one again.
 *
 * I1 At most one holder works on a key at a time: until it has finished, given the key back, let its lease run
 *    out, or somebody who knows it to be dead has taken the key from it.
 * I2 A finished key keeps its answer for `keepMs`, unless the store is full: then the oldest answers go first.
 * I3 Whoever does not hold a key (any more) changes nothing about it, and is told so.
 *
 * Every call rejects with `unavailable` when the store cannot be asked, and may then be made again.
 */
export interface IdempotencyStore {
  claim(key: string, claim: KeyClaim): Promise<ClaimOutcome>;
  /** Prolongs the lease; false: the key is no longer this holder's. */
  renew(key: string, holder: string, leaseMs: number): Promise<boolean>;
  /** Records the answer; false: the key is no longer this holder's. */
  finish(key: string, holder: string, answer: Buffer, keepMs: number): Promise<boolean>;
  /** Gives the key back, as if it had never been claimed. */
  release(key: string, holder: string): Promise<void>;
  close(): Promise<void>;
}

/** Bounds of a store. */
export interface IdempotencyBounds {
  readonly answersMax: number;
  readonly answerBytesMax: number;
}
