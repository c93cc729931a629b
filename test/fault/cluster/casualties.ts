import { isAlive } from "@manta/testkit";
import type { LocalCluster, LocalNode } from "mantaray/testing";
import { proxyOf } from "../traffic/outcome.ts";
import type { Cut } from "../traffic/report.ts";

const askTimeoutMs = 1_000;

/**
 * What a fault kills. A cut connection is excused only when it ended in one of these: the proxy at its other
 * end by the mark of its request ids, the replica by its pid. A connection without an answer yet has no mark: it is
 * excused where a proxy was killed at all.
 */
export class Casualties {
  readonly #cluster: LocalCluster;
  readonly #marks = new Map<string, string>();
  readonly #proxies = new Set<string>();
  readonly #pids = new Set<number>();

  constructor(cluster: LocalCluster) {
    this.#cluster = cluster;
  }

  /** Learns the marks of the proxies that answer now. */
  async learn(): Promise<void> {
    await Promise.all(this.#cluster.nodes.map((node) => this.#learnOne(node)));
  }

  /** The proxy of a node is going to be killed without warning. */
  proxy(node: LocalNode): void {
    this.#proxies.add(this.#marks.get(node.name) ?? "");
  }

  /** A replica process is going to be killed without warning. */
  replica(pid: number): void {
    this.#pids.add(pid);
  }

  /** Everything on a node is going to be killed without warning. */
  async node(node: LocalNode): Promise<void> {
    this.proxy(node);
    const apps = Object.values((await this.#cluster.api.apps()).applications);
    for (const app of apps)
      for (const { replicas } of Object.values(app.deployments))
        for (const replica of replicas)
          if (replica.node_id === node.nodeId && replica.pid !== null && isAlive(replica.pid))
            this.replica(replica.pid);
  }

  /** Whether a cut is the fault's own doing. */
  excuses({ proxy, pid, begun }: Cut): boolean {
    if (pid !== 0 && this.#pids.has(pid)) return true;
    if (proxy !== "") return this.#proxies.has(proxy);
    return this.#proxies.size > 0 && !begun;
  }

  async #learnOne(node: LocalNode): Promise<void> {
    try {
      const url = `http://${this.#cluster.proxyOf(node)}/-/healthz`;
      const response = await fetch(url, { signal: AbortSignal.timeout(askTimeoutMs) });
      await response.arrayBuffer();
      this.#marks.set(node.name, proxyOf(`\r\nx-request-id: ${response.headers.get("x-request-id") ?? ""}`));
    } catch {
      // Down: it holds no connection.
      this.#marks.delete(node.name);
    }
  }
}
