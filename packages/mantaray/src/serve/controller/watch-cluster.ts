import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { ActorId, NodeId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import { sleep } from "../../base/wait.ts";
import type { ActorRecord } from "../../protocol/actor.ts";
import { serveNamespace } from "../../protocol/controller.ts";
import type { NodeRecord } from "../../protocol/node.ts";
import { controllerLimits } from "./limits.ts";
import type { ControllerGcs } from "./ports.ts";

/** Everything that lives, as one subscription found it. */
export interface ClusterInventory {
  readonly nodes: ReadonlySet<NodeId>;
  readonly actors: ReadonlySet<ActorId>;
}

/** What the watch is made of. */
export interface WatchClusterDeps {
  readonly gcs: Pick<ControllerGcs, "subscribe" | "ping">;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onNode: (node: NodeRecord) => void;
  readonly onActor: (actor: ActorRecord) => void;
  /** The subscription has told all there is; what it did not name may be gone. */
  readonly onSynced: (inventory: ClusterInventory) => void;
}

/**
 * Follows nodes and the actors of Serve for ever, across restarts of the control store. A control store
 * that still gathers its own inventory is not listened to: what it does not know yet is not gone.
 */
export const watchCluster = async (deps: WatchClusterDeps): Promise<void> => {
  const { log, clock, signal } = deps;
  let failures = 0;
  while (!signal.aborted) {
    try {
      if (await isReady(deps)) {
        await follow(deps, () => {
          failures = 0;
        });
      }
    } catch (error) {
      if (signal.aborted) return;
      log.info({ err: MantaError.from(error) }, "the watch of the cluster broke: it starts anew");
    }
    const { retryInitialMs, retryMaxMs } = controllerLimits;
    const delayMs = Math.min(retryMaxMs, retryInitialMs * 2 ** failures);
    failures += 1;
    await sleep(clock, delayMs, signal).catch(() => undefined);
  }
};

const isReady = async (deps: WatchClusterDeps): Promise<boolean> => {
  const { recovering } = await deps.gcs.ping({}, { timeoutMs: controllerLimits.callTimeoutMs, signal: deps.signal });
  return !recovering;
};

const follow = async (deps: WatchClusterDeps, onStable: () => void): Promise<void> => {
  const nodes = new Set<NodeId>();
  const actors = new Set<ActorId>();
  let synced = false;
  for await (const event of deps.gcs.subscribe({ topics: ["nodes", "actors"] }, { signal: deps.signal })) {
    switch (event.kind) {
      case "node":
        if (!synced && event.node.state === "ALIVE") nodes.add(event.node.nodeId);
        deps.onNode(event.node);
        break;
      case "actor":
        if (event.actor.spec.namespace !== serveNamespace) break;
        if (!synced) actors.add(event.actor.actorId);
        deps.onActor(event.actor);
        break;
      case "synced":
        synced = true;
        onStable();
        deps.onSynced({ nodes, actors });
        break;
      case "event":
        break;
    }
  }
};
