import { existsSync } from "node:fs";
import type { Log } from "../base/log.ts";
import type { LinkAddresses } from "../protocol/actor.ts";
import { dial } from "../rpc/index.ts";
import type { Link, PeerIdentity } from "../rpc/types.ts";
import { actorLimits } from "./limits.ts";

/** What links are dialed with. */
export interface LinkCacheOptions {
  readonly token: string;
  readonly identity: PeerIdentity;
  readonly log: Log;
}

/** One address: being dialed, or with its link. */
interface Entry {
  readonly address: string;
  readonly dialing: Promise<Link>;
}

/** Links to actors, one per address, kept while they live and dialed once however many ask. */
export class LinkCache {
  readonly #options: LinkCacheOptions;
  /** In order of last use: the first is the one to go. */
  readonly #entries = new Map<string, Entry>();

  constructor(options: LinkCacheOptions) {
    this.#options = options;
  }

  /** A live link to a process: over its unix socket where that is on this machine, else TCP. */
  async link(addresses: LinkAddresses): Promise<Link> {
    const address = preferredAddress(addresses);
    const entry = this.#entries.get(address);
    if (entry === undefined) return this.#dial(address);
    const link = await entry.dialing;
    if (!link.closed && !link.peerDraining) {
      this.#touch(entry);
      return link;
    }
    this.#forget(entry);
    return this.#entries.get(address)?.dialing ?? this.#dial(address);
  }

  async close(): Promise<void> {
    const dialing = [...this.#entries.values()].map((entry) => entry.dialing);
    this.#entries.clear();
    for (const result of await Promise.allSettled(dialing)) {
      if (result.status === "fulfilled") result.value.close("the client closes");
    }
  }

  async #dial(address: string): Promise<Link> {
    const entry: Entry = {
      address,
      dialing: dial(address, { ...this.#options, timeoutMs: actorLimits.dialTimeoutMs }),
    };
    this.#entries.set(address, entry);
    this.#evict();
    try {
      const link = await entry.dialing;
      link.onClose(() => this.#forget(entry));
      return link;
    } catch (error) {
      this.#forget(entry);
      throw error;
    }
  }

  #touch(entry: Entry): void {
    if (this.#entries.get(entry.address) !== entry) return;
    this.#entries.delete(entry.address);
    this.#entries.set(entry.address, entry);
  }

  /** Only if it is still the entry of its address: a newer one may have taken its place. */
  #forget(entry: Entry): void {
    if (this.#entries.get(entry.address) === entry) this.#entries.delete(entry.address);
  }

  #evict(): void {
    if (this.#entries.size <= actorLimits.linksMax) return;
    const [oldest] = this.#entries.values();
    if (oldest === undefined) return;
    this.#entries.delete(oldest.address);
    void this.#retire(oldest);
  }

  /** Drains before it closes: a call may still be on it. */
  async #retire(entry: Entry): Promise<void> {
    try {
      const link = await entry.dialing;
      await link.drain();
      link.close("not used for long");
    } catch (error) {
      this.#options.log.debug({ err: error, address: entry.address }, "an old link could not be drained");
    }
  }
}

const preferredAddress = (addresses: LinkAddresses): string => {
  const path = addresses.unix.replace(/^unix:/, "");
  return path !== "" && existsSync(path) ? `unix:${path}` : addresses.tcp;
};
