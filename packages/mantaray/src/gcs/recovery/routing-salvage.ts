import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { withTimeout } from "../../base/wait.ts";
import { gcsLimits } from "../limits.ts";
import type { AgentSession, AgentSessions } from "../nodes/agent-session.ts";
import type { RoutingTable } from "../routing/routing-table.ts";

/** What is asked of nodes with. */
export interface RoutingSalvageDeps {
  readonly routing: RoutingTable;
  readonly sessions: AgentSessions;
  readonly clock: Clock;
  readonly log: Log;
}

/** Fetches a routing snapshot that is newer than ours from a node that says it holds one: the store has lost ours. */
export class RoutingSalvage {
  readonly #deps: RoutingSalvageDeps;
  readonly #underWay = new Set<Promise<void>>();

  constructor(deps: RoutingSalvageDeps) {
    this.#deps = deps;
  }

  /** The node says that the snapshot it holds has this version. */
  offered(session: AgentSession, version: number): void {
    if (version <= (this.#deps.routing.snapshot?.version ?? 0)) return;
    const fetch = this.#fetch(session).finally(() => this.#underWay.delete(fetch));
    this.#underWay.add(fetch);
  }

  /**
   * Resolves when nothing newer is on its way from a node, or that takes too long: whoever is told of the snapshot
   * before would take what a store has lost for something that never was.
   */
  async settled(): Promise<void> {
    const { clock, log } = this.#deps;
    if (this.#underWay.size === 0) return;
    const all = Promise.all(this.#underWay);
    await withTimeout(all, gcsLimits.salvageRoutingWaitMs, "the fetch of a routing snapshot from a node", clock).catch(
      (error: unknown) => log.warn({ err: error }, "the routing snapshot is told of as it is"),
    );
  }

  async #fetch(session: AgentSession): Promise<void> {
    const { routing, sessions, log } = this.#deps;
    const { nodeId } = session;
    try {
      const snapshot = await session.getRouting();
      if (snapshot === null || !routing.adopt(snapshot)) return;
      log.warn({ version: snapshot.version, nodeId }, "the routing snapshot came back from a node");
      for (const each of sessions.all()) if (each.answered) each.pushRouting(snapshot);
    } catch (error) {
      log.warn({ err: error, nodeId }, "a node's newer routing snapshot could not be fetched");
    }
  }
}
