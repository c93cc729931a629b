import { replicaLimits } from "./limits.ts";

/** Where the values come from. */
export interface ValueSource {
  pause(): void;
  resume(): void;
  /** The loop was left before the end. */
  abandoned(): void;
}

interface Waiter {
  resolve(result: IteratorResult<unknown, void>): void;
  reject(error: unknown): void;
}

type End = { readonly error?: unknown };

/** Values of a streamed answer, from the link that brings them to the loop that reads them. One reader. */
export class ValueQueue implements AsyncIterator<unknown, void, undefined> {
  readonly #source: ValueSource;
  readonly #values: unknown[] = [];
  readonly #waiters: Waiter[] = [];
  #end: End | undefined;
  #paused = false;

  constructor(source: ValueSource) {
    this.#source = source;
  }

  push(value: unknown): void {
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve({ done: false, value });
      return;
    }
    this.#values.push(value);
    if (this.#paused || this.#values.length < replicaLimits.waitingValuesMax) return;
    this.#paused = true;
    this.#source.pause();
  }

  end(): void {
    this.#close({});
  }

  fail(error: unknown): void {
    this.#close({ error });
  }

  next(): Promise<IteratorResult<unknown, void>> {
    if (this.#values.length > 0) {
      const value = this.#values.shift();
      if (this.#paused && this.#values.length === 0) {
        this.#paused = false;
        this.#source.resume();
      }
      return Promise.resolve({ done: false, value });
    }
    const end = this.#end;
    if (end === undefined) return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
    // An error is told once.
    this.#end = {};
    return "error" in end ? Promise.reject(end.error) : Promise.resolve(over);
  }

  return(): Promise<IteratorResult<unknown, void>> {
    const open = this.#end === undefined;
    this.#values.length = 0;
    this.#close({});
    if (open) this.#source.abandoned();
    return Promise.resolve(over);
  }

  #close(end: End): void {
    if (this.#end !== undefined) return;
    const waiters = this.#waiters.splice(0);
    const [first, ...others] = waiters;
    this.#end = first === undefined ? end : {};
    if (first !== undefined && "error" in end) first.reject(end.error);
    else first?.resolve(over);
    for (const waiter of others) waiter.resolve(over);
  }
}

const over = { done: true, value: undefined } as const;
