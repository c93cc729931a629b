import { MantaError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { KvTable } from "../kv/kv-table.ts";
import { gcsLimits } from "../limits.ts";
import type { AgentSession, AgentSessions } from "../nodes/agent-session.ts";

/** What is asked of nodes with. */
export interface SalvageDeps {
  readonly kv: KvTable;
  readonly sessions: AgentSessions;
  readonly log: Log;
}

/** Where bundles are kept, by their ids. */
export const bundleNamespace = "bundles";

/** Fetches bundles that the table does not have from the caches of nodes: the store may have lost them. */
export class BundleSalvage {
  readonly #deps: SalvageDeps;
  /** One search a bundle at a time. */
  readonly #searches = new Map<string, Promise<Uint8Array | undefined>>();

  constructor(deps: SalvageDeps) {
    this.#deps = deps;
  }

  /** The bundle, which is in the table from then on; undefined when no node has it. */
  find(bundleId: string): Promise<Uint8Array | undefined> {
    const present = this.#searches.get(bundleId);
    if (present !== undefined) return present;
    const search = this.#search(bundleId).finally(() => this.#searches.delete(bundleId));
    this.#searches.set(bundleId, search);
    return search;
  }

  async #search(bundleId: string): Promise<Uint8Array | undefined> {
    const { kv, sessions, log } = this.#deps;
    const waiting = [...sessions.all()];
    let found: Uint8Array | undefined;
    const ask = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined && found === undefined; next = waiting.shift()) {
        const answer = await this.#ask(next, bundleId);
        found ??= answer;
      }
    };
    await Promise.all(Array.from({ length: gcsLimits.salvageParallelMax }, ask));
    if (found === undefined) return undefined;
    log.warn({ bundleId, bytes: found.byteLength }, "a bundle that was lost came back from a node");
    kv.put(bundleNamespace, bundleId, found, false);
    return kv.get(bundleNamespace, bundleId);
  }

  async #ask(session: AgentSession, bundleId: string): Promise<Uint8Array | undefined> {
    try {
      return await session.getBundle(bundleId);
    } catch (error) {
      this.#deps.log.debug({ err: MantaError.from(error), nodeId: session.nodeId, bundleId }, "a node has no bundle");
      return undefined;
    }
  }
}
