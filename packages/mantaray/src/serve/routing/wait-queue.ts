/** Something that can be in one `WaitQueue` at a time. The queue owns these fields. */
export interface Waiting<T> {
  waitPrevious: T | undefined;
  waitNext: T | undefined;
  waitsIn: WaitQueue<never> | undefined;
}

/** First in, first out, with removal from the middle in constant time and no allocation: an intrusive list. */
export class WaitQueue<T extends Waiting<T>> {
  #head: T | undefined;
  #tail: T | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get head(): T | undefined {
    return this.#head;
  }

  push(item: T): void {
    this.#enter(item);
    item.waitPrevious = this.#tail;
    if (this.#tail === undefined) this.#head = item;
    else this.#tail.waitNext = item;
    this.#tail = item;
  }

  /** For one that had its turn and lost its place without its fault. */
  pushFront(item: T): void {
    this.#enter(item);
    item.waitNext = this.#head;
    if (this.#head === undefined) this.#tail = item;
    else this.#head.waitPrevious = item;
    this.#head = item;
  }

  shift(): T | undefined {
    const item = this.#head;
    if (item !== undefined) this.remove(item);
    return item;
  }

  /** False when it is not in this queue. */
  remove(item: T): boolean {
    if (item.waitsIn !== (this as unknown as WaitQueue<never>)) return false;
    if (item.waitPrevious === undefined) this.#head = item.waitNext;
    else item.waitPrevious.waitNext = item.waitNext;
    if (item.waitNext === undefined) this.#tail = item.waitPrevious;
    else item.waitNext.waitPrevious = item.waitPrevious;
    item.waitPrevious = undefined;
    item.waitNext = undefined;
    item.waitsIn = undefined;
    this.#size -= 1;
    return true;
  }

  #enter(item: T): void {
    item.waitsIn = this as unknown as WaitQueue<never>;
    this.#size += 1;
  }
}
