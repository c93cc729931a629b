/** Keys with the time they are due: a binary heap, so that ten thousand timers cost one. */
export class DueHeap<Key> {
  readonly #entries: { readonly key: Key; readonly atMs: number }[] = [];
  /** The time that counts for a key; entries of another time are left-overs. */
  readonly #times = new Map<Key, number>();

  get size(): number {
    return this.#times.size;
  }

  /** Sets the time of a key, whatever it was. */
  set(key: Key, atMs: number): void {
    this.#times.set(key, atMs);
    this.#entries.push({ key, atMs });
    this.#up(this.#entries.length - 1);
  }

  delete(key: Key): void {
    this.#times.delete(key);
  }

  /** When the next key is due; null when there is none. */
  nextMs(): number | null {
    this.#dropStale();
    return this.#entries[0]?.atMs ?? null;
  }

  /** Takes the next key that is due at `nowMs`. */
  take(nowMs: number): Key | undefined {
    this.#dropStale();
    const first = this.#entries[0];
    if (first === undefined || first.atMs > nowMs) return undefined;
    this.#pop();
    this.#times.delete(first.key);
    return first.key;
  }

  #dropStale(): void {
    for (;;) {
      const first = this.#entries[0];
      if (first === undefined || this.#times.get(first.key) === first.atMs) return;
      this.#pop();
    }
  }

  #pop(): void {
    const last = this.#entries.pop();
    if (last === undefined || this.#entries.length === 0) return;
    this.#entries[0] = last;
    this.#down(0);
  }

  #up(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#at(parent) <= this.#at(index)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #down(start: number): void {
    let index = start;
    for (;;) {
      const left = index * 2 + 1;
      const right = left + 1;
      let least = index;
      if (this.#at(left) < this.#at(least)) least = left;
      if (this.#at(right) < this.#at(least)) least = right;
      if (least === index) return;
      this.#swap(index, least);
      index = least;
    }
  }

  #at(index: number): number {
    return this.#entries[index]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  #swap(left: number, right: number): void {
    const entries = this.#entries;
    const kept = entries[left];
    const other = entries[right];
    if (kept === undefined || other === undefined) return;
    entries[left] = other;
    entries[right] = kept;
  }
}
