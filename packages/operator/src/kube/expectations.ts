import type { Clock } from "./clock.ts";
import { kubeLimits } from "./limits.ts";
import type { ObjectRef, Stored } from "./objects.ts";
import type { Resource } from "./resources.ts";

/** A write that the cache may not show yet. */
export interface Expected {
  /** Key of the reconciled object, `namespace/name`. */
  readonly key: string;
  /** Part of it that waits, such as `head` or a group's name. */
  readonly group: string;
  readonly resource: Resource;
  readonly ref: ObjectRef;
}

/** Takes what applying a plan writes. */
export interface ExpectationSink {
  /** `uid`: of the object that the server has made. */
  expectCreation(expected: Expected & { readonly uid: string }): void;
  /** Returns how to take it back, for when the deletion did not happen. */
  expectDeletion(expected: Expected): () => void;
}

/** Looks into the cache of a resource. */
export type CacheLookup = (resource: Resource, ref: ObjectRef) => Stored | undefined;

interface Entry extends Expected {
  readonly kind: "creation" | "deletion";
  /** Of the object created, or of the one that is to go; absent when the cache did not have it. */
  readonly uid: string | undefined;
  readonly deadlineMs: number;
}

/** What expectations take. */
export interface ExpectationsOptions {
  readonly lookup: CacheLookup;
  readonly clock: Clock;
  /** Default `kubeLimits.expectationTimeoutMs`. */
  readonly timeoutMs?: number;
}

/**
 * Creations and deletions in flight: a cache lags behind what was just written, and who decides by it would write it
 * again. E1: a group is satisfied once the cache shows each of its writes. E2: no write holds it longer than the
 * time-out, whatever the cache shows. E3: an object that came and went between two looks counts as seen.
 * A deletion is seen when the object is gone, is another by its uid, or has its `deletionTimestamp`.
 */
export class Expectations implements ExpectationSink {
  readonly #lookup: CacheLookup;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  /** By key, then by group. */
  readonly #keys = new Map<string, Map<string, Set<Entry>>>();
  /** Creations by uid, in order: the first is the oldest. */
  readonly #creations = new Map<string, Entry>();

  constructor(options: ExpectationsOptions) {
    this.#lookup = options.lookup;
    this.#clock = options.clock;
    this.#timeoutMs = options.timeoutMs ?? kubeLimits.expectationTimeoutMs;
  }

  expectCreation(expected: Expected & { readonly uid: string }): void {
    const entry = this.#add(expected, "creation", expected.uid);
    this.#creations.set(expected.uid, entry);
    if (this.#creations.size > kubeLimits.expectationsMax) this.#dropOldest();
  }

  expectDeletion(expected: Expected): () => void {
    const uid = this.#lookup(expected.resource, expected.ref)?.metadata.uid;
    const entry = this.#add(expected, "deletion", uid);
    return () => this.#remove(entry);
  }

  /** May the group be decided by the cache? */
  isSatisfied(key: string, group: string): boolean {
    return this.waitMs(key, group) === 0;
  }

  /** 0 when satisfied; else how long the group waits at most: come back then if the cache has not changed by itself. */
  waitMs(key: string, group: string): number {
    const entries = this.#keys.get(key)?.get(group);
    if (entries === undefined) return 0;
    let longestMs = 0;
    for (const entry of entries) {
      const leftMs = entry.deadlineMs - this.#clock.nowMs();
      if (leftMs <= 0 || this.#isSeen(entry)) this.#remove(entry);
      else longestMs = Math.max(longestMs, leftMs);
    }
    return longestMs;
  }

  /** Tell it each object that a cache sees go (E3). */
  observeGone(uid: string): void {
    const entry = this.#creations.get(uid);
    if (entry !== undefined) this.#remove(entry);
  }

  /** The reconciled object is gone. */
  forget(key: string): void {
    for (const entries of this.#keys.get(key)?.values() ?? []) for (const entry of entries) this.#remove(entry);
  }

  #isSeen(entry: Entry): boolean {
    const cached = this.#lookup(entry.resource, entry.ref);
    if (entry.kind === "creation") return cached?.metadata.uid === entry.uid;
    if (cached === undefined || cached.metadata.deletionTimestamp !== undefined) return true;
    return entry.uid !== undefined && cached.metadata.uid !== entry.uid;
  }

  #add(expected: Expected, kind: Entry["kind"], uid: string | undefined): Entry {
    const entry: Entry = { ...expected, kind, uid, deadlineMs: this.#clock.nowMs() + this.#timeoutMs };
    const groups = this.#keys.get(entry.key) ?? new Map<string, Set<Entry>>();
    this.#keys.set(entry.key, groups);
    const entries = groups.get(entry.group) ?? new Set<Entry>();
    groups.set(entry.group, entries.add(entry));
    return entry;
  }

  #remove(entry: Entry): void {
    const groups = this.#keys.get(entry.key);
    const entries = groups?.get(entry.group);
    entries?.delete(entry);
    if (entries?.size === 0) groups?.delete(entry.group);
    if (groups?.size === 0) this.#keys.delete(entry.key);
    if (entry.kind === "creation" && entry.uid !== undefined) this.#creations.delete(entry.uid);
  }

  #dropOldest(): void {
    for (const entry of this.#creations.values()) {
      this.#remove(entry);
      return;
    }
  }
}
