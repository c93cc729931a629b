import { MantaError } from "../../base/errors.ts";
import type { KvEntry } from "../../store/index.ts";
import { gcsLimits } from "../limits.ts";
import type { Ledger } from "../state/ledger.ts";

/** The key-value table: bundles and checkpoints, held in memory and written through. */
export class KvTable {
  readonly #namespaces = new Map<string, Map<string, Uint8Array>>();
  readonly #ledger: Ledger;
  #entries = 0;
  #bytes = 0;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Fills the table with what the store has; nothing is written. */
  restore(entries: readonly KvEntry[]): void {
    for (const entry of entries) this.#set(entry);
  }

  get(namespace: string, key: string): Uint8Array | undefined {
    return this.#namespaces.get(namespace)?.get(key);
  }

  entries(): KvEntry[] {
    return [...this.#namespaces].flatMap(([namespace, entries]) =>
      [...entries].map(([key, value]) => ({ namespace, key, value })),
    );
  }

  keys(namespace: string, prefix: string): string[] {
    return [...(this.#namespaces.get(namespace)?.keys() ?? [])].filter((key) => key.startsWith(prefix)).toSorted();
  }

  /**
   * Returns whether the key is new. Without `overwrite` a key that is there stays as it is.
   * `invalid_argument`, `payload_too_large` or `resource_exhausted` beyond the limits.
   */
  put(namespace: string, key: string, value: Uint8Array, overwrite: boolean): boolean {
    checkKey("namespace", namespace);
    checkKey("key", key);
    const present = this.get(namespace, key);
    if (present !== undefined && !overwrite) return false;
    this.#checkRoom(key, value, present);
    // A copy: the message it came in is gone after the call.
    const entry = { namespace, key, value: Uint8Array.from(value) };
    this.#set(entry);
    this.#ledger.write({ kind: "putKv", ...entry });
    return present === undefined;
  }

  /** Returns whether it was there. */
  delete(namespace: string, key: string): boolean {
    const entries = this.#namespaces.get(namespace);
    const present = entries?.get(key);
    if (entries === undefined || present === undefined) return false;
    entries.delete(key);
    if (entries.size === 0) this.#namespaces.delete(namespace);
    this.#entries -= 1;
    this.#bytes -= present.byteLength;
    this.#ledger.write({ kind: "deleteKv", namespace, key });
    return true;
  }

  #set({ namespace, key, value }: KvEntry): void {
    const entries = this.#namespaces.get(namespace) ?? new Map<string, Uint8Array>();
    const present = entries.get(key);
    if (present === undefined) this.#entries += 1;
    this.#bytes += value.byteLength - (present?.byteLength ?? 0);
    this.#namespaces.set(namespace, entries.set(key, value));
  }

  #checkRoom(key: string, value: Uint8Array, present: Uint8Array | undefined): void {
    if (value.byteLength > gcsLimits.kvValueBytesMax) {
      throw new MantaError(
        "payload_too_large",
        `value of ${JSON.stringify(key)}: ${value.byteLength} bytes, at most ${gcsLimits.kvValueBytesMax}`,
      );
    }
    const bytes = this.#bytes + value.byteLength - (present?.byteLength ?? 0);
    if (bytes > gcsLimits.kvTotalBytesMax) {
      throw new MantaError("resource_exhausted", `the key-value table may hold ${gcsLimits.kvTotalBytesMax} bytes`);
    }
    if (present === undefined && this.#entries >= gcsLimits.kvEntriesMax) {
      throw new MantaError("resource_exhausted", `the key-value table may hold ${gcsLimits.kvEntriesMax} keys`);
    }
  }
}

const checkKey = (field: string, text: string): void => {
  const bytes = Buffer.byteLength(text);
  if (bytes <= gcsLimits.kvKeyBytesMax && (bytes > 0 || field === "namespace")) return;
  throw new MantaError("invalid_argument", `${field}: must have 1 to ${gcsLimits.kvKeyBytesMax} bytes, has ${bytes}`);
};
