import { join } from "node:path";
import type { LocalCluster, LocalNode } from "mantaray/testing";
import { silentLog } from "../../../packages/mantaray/src/base/log.ts";
import { waitFor } from "../../../packages/mantaray/src/base/wait.ts";
import { nodeLocalService } from "../../../packages/mantaray/src/protocol/worker.ts";
import { createClient, dial } from "../../../packages/mantaray/src/rpc/index.ts";

const redialMs = 100;
const goneTimeoutMs = 15_000;

/** When an actor left the tables, counted from its death. */
export interface GoneTimes {
  readonly sameNodeMs: number;
  /** The slowest of the others. */
  readonly otherNodesMs: number;
}

/**
 * Listens to what every node's agent tells its proxies and replicas: the very feed that their routing tables are made
 * from (`watchRouting`), on the agent's own socket, as one more subscriber.
 */
export class RoutingWatch {
  readonly #cluster: LocalCluster;
  readonly #tempDir: string;
  /** Actors that each node's feed names now. */
  readonly #present = new Map<LocalNode, Set<string>>();
  /** By actor: when each node's feed dropped it. */
  readonly #gone = new Map<string, Map<LocalNode, number>>();
  readonly #ended = new AbortController();

  constructor(cluster: LocalCluster, tempDir: string) {
    this.#cluster = cluster;
    this.#tempDir = tempDir;
    for (const node of cluster.nodes) void this.#follow(node);
  }

  close(): void {
    this.#ended.abort();
  }

  /** Waits until the feeds of this node and of another one are connected: what is not seen is not 0 ms. */
  async connected(home: LocalNode | undefined): Promise<void> {
    await waitFor(
      () => {
        const others = [...this.#present.keys()].filter((node) => node !== home);
        return others.length > 0 && (home === undefined || this.#present.has(home));
      },
      { timeoutMs: goneTimeoutMs, what: "the feeds of routing tables" },
    );
  }

  /** Waits until every node that is up has dropped the actor that died at `diedMs` (of `performance.now`) on `home`. */
  async gone(actorId: string, home: LocalNode | undefined, diedMs: number): Promise<GoneTimes> {
    const nodes = this.#cluster.nodes.filter((node) => this.#present.has(node));
    const times = await waitFor(
      () => {
        const known = this.#gone.get(actorId);
        const found = nodes.map((node) => known?.get(node));
        return found.every((at) => at !== undefined) && found.map((at) => (at ?? 0) - diedMs);
      },
      { timeoutMs: goneTimeoutMs, what: `actor ${actorId} out of every routing table`, intervalMs: 5 },
    );
    const others = times.filter((_, index) => nodes[index] !== home);
    const own = times.find((_, index) => nodes[index] === home);
    return { sameNodeMs: Math.round(own ?? 0), otherNodesMs: Math.round(Math.max(0, ...others)) };
  }

  async #follow(node: LocalNode): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      try {
        await this.#read(node);
      } catch {
        // The agent is away: its next life is asked.
      }
      this.#present.delete(node);
      await new Promise((resolve) => setTimeout(resolve, redialMs));
    }
  }

  async #read(node: LocalNode): Promise<void> {
    const { nodeId } = node;
    if (nodeId === undefined) return;
    const socket = join(this.#tempDir, "s", nodeId.slice(0, 8), "agent.sock");
    const { token } = this.#cluster;
    const identity = { role: "test", id: "" } as const;
    const link = await dial(`unix:${socket}`, { token, identity, log: silentLog, timeoutMs: 2_000 });
    try {
      const client = createClient(link, nodeLocalService);
      for await (const event of client.watchRouting({}, { signal: this.#ended.signal })) {
        const atMs = performance.now();
        const before = this.#present.get(node) ?? new Set();
        if (event.kind === "down") this.#drop(node, event.actorIds, atMs, before);
        else {
          const replicas = Object.values(event.snapshot.deployments).flatMap((deployment) => deployment.replicas);
          const named = new Set<string>(replicas.map((replica) => replica.actorId));
          this.#drop(
            node,
            [...before].filter((actorId) => !named.has(actorId)),
            atMs,
            before,
          );
          this.#present.set(node, named);
        }
      }
    } finally {
      link.close("done");
    }
  }

  #drop(node: LocalNode, actorIds: readonly string[], atMs: number, present: Set<string>): void {
    for (const actorId of actorIds) {
      present.delete(actorId);
      let times = this.#gone.get(actorId);
      if (times === undefined) {
        times = new Map();
        this.#gone.set(actorId, times);
      }
      if (!times.has(node)) times.set(node, atMs);
    }
  }
}
