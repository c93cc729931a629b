import { MantaError } from "../base/errors.ts";
import type { ActorId } from "../base/ids.ts";
import type { Log } from "../base/log.ts";
import type { RoutingSnapshot } from "../protocol/routing.ts";
import type { NodeLocalService, RoutingEvent } from "../protocol/worker.ts";
import type { Client } from "../rpc/index.ts";
import type { RoutingFeed } from "./actor-module.ts";

/** The node agent's routing events as a feed for the actor in this process. */
export class NodeRoutingFeed implements RoutingFeed {
  #snapshot: RoutingSnapshot | undefined;
  readonly #log: Log;
  readonly #onSnapshot = new Set<(snapshot: RoutingSnapshot) => void>();
  readonly #onDown = new Set<(actorIds: readonly ActorId[]) => void>();

  constructor(log: Log) {
    this.#log = log;
  }

  get snapshot(): RoutingSnapshot | undefined {
    return this.#snapshot;
  }

  onSnapshot(listener: (snapshot: RoutingSnapshot) => void): () => void {
    this.#onSnapshot.add(listener);
    return () => this.#onSnapshot.delete(listener);
  }

  onDown(listener: (actorIds: readonly ActorId[]) => void): () => void {
    this.#onDown.add(listener);
    return () => this.#onDown.delete(listener);
  }

  /** Follows the agent until its link breaks: what is known by then stays in force. */
  async follow(agent: Client<NodeLocalService>): Promise<void> {
    try {
      for await (const event of agent.watchRouting({})) this.#take(event);
      this.#log.debug("the agent ended its routing events");
    } catch (error) {
      this.#log.info({ err: MantaError.from(error) }, "no more routing events from the agent");
    }
  }

  #take(event: RoutingEvent): void {
    if (event.kind === "snapshot") {
      if (event.snapshot.version <= (this.#snapshot?.version ?? 0)) return;
      this.#snapshot = event.snapshot;
      this.#tell(this.#onSnapshot, event.snapshot);
    } else {
      this.#tell(this.#onDown, event.actorIds);
    }
  }

  #tell<T>(listeners: ReadonlySet<(value: T) => void>, value: T): void {
    for (const listener of listeners) {
      try {
        listener(value);
      } catch (error) {
        // One listener's defect must not keep the others from the news.
        this.#log.error({ err: error }, "a routing listener failed");
      }
    }
  }
}
