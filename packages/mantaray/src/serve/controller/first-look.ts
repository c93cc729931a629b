import type { Clock } from "../../base/clock.ts";
import type { ActorId, NodeId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import { sleep } from "../../base/wait.ts";
import type { RoutingSnapshot } from "../../protocol/routing.ts";
import { controllerLimits } from "./limits.ts";
import type { ControllerGcs } from "./ports.ts";

/** What the first look is made of. */
export interface FirstLookDeps {
  readonly gcs: Pick<ControllerGcs, "getRouting">;
  /** The actor that this controller is. */
  readonly self: ActorId;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * When a new controller knows the cluster. A control store that has lost its data says all it has, and that is
 * not all there is: nodes come back one after the other, and a controller that is new itself misses nobody. So its
 * look is complete only when, within a bound,
 *
 * L1  the control store knows this controller: the node that it runs on has come, and with it what was published last;
 * L2  it knows, dead or alive, every node that the last snapshot sends requests to.
 *
 * A control store that has its data knows all of them from the start, and in a new cluster nothing was published.
 */
export class FirstLook {
  readonly #deps: FirstLookDeps;
  readonly #nodes = new Set<NodeId>();
  #knowsSelf = false;

  constructor(deps: FirstLookDeps) {
    this.#deps = deps;
  }

  /** The control store knows the node, alive or dead. */
  nodeSeen(nodeId: NodeId): void {
    this.#nodes.add(nodeId);
  }

  /** The control store knows the actor. */
  actorSeen(actorId: ActorId): void {
    if (actorId === this.#deps.self) this.#knowsSelf = true;
  }

  /** Resolves once the look is complete, or the bound is over, with what was published last. Rejects when that cannot be read. */
  async take(): Promise<RoutingSnapshot | null> {
    const { gcs, clock, log, signal } = this.#deps;
    const dueMs = clock.nowMs() + controllerLimits.absentNodeGraceMs;
    let told = false;
    for (;;) {
      // As it was before the answer: what a node had to say of its actors was heard before that, too.
      const known = { self: this.#knowsSelf, nodes: new Set(this.#nodes) };
      const { snapshot } = await gcs.getRouting({}, { timeoutMs: controllerLimits.callTimeoutMs });
      const absent = nodesOf(snapshot).filter((nodeId) => !known.nodes.has(nodeId));
      if (known.self && absent.length === 0) return snapshot;
      const isOver = clock.nowMs() >= dueMs;
      const message = isOver
        ? "begins without what did not come"
        : "waits for what the control store does not know yet";
      if (isOver || !told) log.warn({ knowsSelf: known.self, absent }, message);
      told = true;
      if (isOver) return snapshot;
      await sleep(clock, controllerLimits.retryInitialMs, signal);
    }
  }
}

/** Nodes that the snapshot sends requests to. */
const nodesOf = (snapshot: RoutingSnapshot | null): NodeId[] => {
  const deployments = Object.values(snapshot?.deployments ?? {});
  return [...new Set(deployments.flatMap(({ replicas }) => replicas.map(({ nodeId }) => nodeId)))];
};
