import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Log } from "../../base/log.ts";
import { readSmallFile } from "../../base/read-small-file.ts";
import { nodeLimits } from "../limits.ts";

/** What the list is made of. */
export interface GcsAddressesDeps {
  /** What the node was told at its start, `tcp:host:port`. */
  readonly configured: readonly string[];
  /** Where the list is kept: the first for an agent that is started again, the others for processes of this node. */
  readonly files: readonly string[];
  readonly log: Log;
  /** The list has changed. */
  readonly onChange: (addresses: readonly string[]) => void;
}

/**
 * Where the control store may be: what leaders have said of one another, the leading one first, then what the
 * node was told. Only a leader's word replaces what was learned; a lost file costs nothing but time.
 */
export class GcsAddresses {
  readonly #deps: GcsAddressesDeps;
  #learned: readonly string[];

  constructor(deps: GcsAddressesDeps) {
    this.#deps = deps;
    this.#learned = readList(deps.files[0] ?? "", deps.log);
  }

  get all(): readonly string[] {
    return [...new Set([...this.#learned, ...this.#deps.configured])];
  }

  /** A leader's own list. An empty one says nothing. */
  learn(addresses: readonly string[]): void {
    if (addresses.length > 0) this.#set(addresses.filter(isDialable).slice(0, nodeLimits.gcsAddressesMax));
  }

  /** That one leads now. */
  lead(address: string): void {
    if (isDialable(address)) this.learn([address, ...this.#learned.filter((known) => known !== address)]);
  }

  #set(addresses: readonly string[]): void {
    if (addresses.join() === this.#learned.join()) return;
    this.#learned = [...addresses];
    this.save();
    this.#deps.onChange(this.all);
  }

  /** Writes the list; a disk that takes nothing is no reason to stop. */
  save(): void {
    const { files, log } = this.#deps;
    for (const file of files) {
      try {
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        writeFileSync(`${file}.tmp`, `${this.all.join(",")}\n`, { mode: 0o600 });
        renameSync(`${file}.tmp`, file);
      } catch (error) {
        log.warn({ err: error, file }, "cannot write down where the control store is");
      }
    }
  }
}

const isDialable = (address: string): boolean => /^tcp:.+:[1-9]\d{0,4}$/.test(address);

const readList = (file: string, log: Log): readonly string[] => {
  try {
    const addresses = (readSmallFile(file) ?? "").split(",");
    return addresses.filter(isDialable).slice(0, nodeLimits.gcsAddressesMax);
  } catch (error) {
    log.warn({ err: error, file }, "cannot read where the control store was");
    return [];
  }
};
