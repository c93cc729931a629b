import type { Clock } from "../base/clock.ts";
import type { NodeId } from "../base/ids.ts";
import type { Log } from "../base/log.ts";
import { waitFor } from "../base/wait.ts";
import { proxyService } from "../protocol/proxy.ts";
import { createClient, dial } from "../rpc/index.ts";
import { nodeLimits } from "./limits.ts";
import type { Registration } from "./registration.ts";
import type { HostedActor, HostedActors } from "./workers/hosted-actors.ts";

/** What a leaving node works with. */
export interface NodeDrainDeps {
  readonly nodeId: NodeId;
  readonly actors: HostedActors;
  readonly registration: Pick<Registration, "gcs" | "reachable">;
  readonly token: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The first part of an ordered leave, whoever asked for it: nothing new is taken, everybody is told, and what
 * lives here is given time to be replaced elsewhere before it stops.
 *
 * D1: one deadline for all of it; a share is kept for the stop itself.
 * D2: load balancers see that the node is not ready for the lame-duck time before its proxies stop.
 * D3: without a control plane, or without another node, nothing will move: nothing but D2 is waited for.
 */
export class NodeDrain {
  readonly #deps: NodeDrainDeps;
  #state: { readonly reason: string; readonly deadlineMs: number } | null = null;
  /** Monotonic. */
  #beganMs = 0;
  #deadlineMs = 0;
  /** Somebody could take over what lives here. */
  #othersMay = true;

  constructor(deps: NodeDrainDeps) {
    this.#deps = deps;
  }

  /** Why the node leaves, and until when (wall clock, ms), as registrations tell it; null unless it leaves. */
  get state(): { readonly reason: string; readonly deadlineMs: number } | null {
    return this.#state;
  }

  /** What is left for the ordered stop. */
  get leftMs(): number {
    return Math.max(nodeLimits.shutdownStepMs, this.#deadlineMs - this.#deps.clock.nowMs());
  }

  /** Begins to leave; again, it brings the deadline forward or does nothing. */
  begin(reason: string, timeoutMs: number): void {
    const { clock, actors, log } = this.#deps;
    const deadlineMs = clock.nowMs() + timeoutMs;
    if (this.#state !== null) {
      if (deadlineMs >= this.#deadlineMs) return;
      this.#deadlineMs = deadlineMs;
      this.#state = { ...this.#state, deadlineMs: clock.wallMs() + timeoutMs };
      return;
    }
    log.info({ reason, timeoutMs }, "the node leaves: nothing new is taken");
    this.#beganMs = clock.nowMs();
    this.#deadlineMs = deadlineMs;
    this.#state = { reason, deadlineMs: clock.wallMs() + timeoutMs };
    actors.drain();
  }

  /** Tells everybody, then waits until nothing is left to be moved, or it is time to stop. */
  async moved(hurry: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    const enough = (): boolean => hurry.aborted || this.#isMoved();
    const bound = { clock, timeoutMs: this.leftMs, intervalMs: nodeLimits.drainLookMs, what: "the end of a drain" };
    const told = this.#tellControlStore().then(() => this.#tellProxies());
    await waitFor(enough, bound).catch(() => undefined);
    if (!hurry.aborted) await told;
    log.info({ replicas: this.#replicas.length, waitedMs: clock.nowMs() - this.#beganMs }, "the node has drained");
  }

  #isMoved(): boolean {
    const { clock, actors, registration } = this.#deps;
    const passedMs = clock.nowMs() - this.#beganMs;
    const wholeMs = this.#deadlineMs - this.#beganMs;
    const stopMs = Math.min(nodeLimits.drainStopMs, wholeMs * nodeLimits.drainStopPart);
    if (passedMs >= wholeMs - stopMs) return true;
    if (actors.all.some(isProxy) && passedMs < nodeLimits.lameDuckMs) return false;
    return this.#replicas.length === 0 || !this.#othersMay || !registration.reachable;
  }

  get #replicas(): readonly HostedActor[] {
    return this.#deps.actors.all.filter(({ record }) => record.spec.entry.module === "serve-replica");
  }

  /** It marks the node, so that the controller begins to replace what lives here. */
  async #tellControlStore(): Promise<void> {
    const { nodeId, registration, clock, log } = this.#deps;
    const { gcs } = registration;
    const state = this.#state;
    if (gcs === undefined || state === null) return;
    // Short: the deadline runs, and a control store that hangs moves nothing.
    const call = { timeoutMs: nodeLimits.shutdownStepMs };
    try {
      await gcs.nodeDraining({ nodeId, reason: state.reason, timeoutMs: this.#deadlineMs - clock.nowMs() }, call);
      const { nodes } = await gcs.listNodes({}, call);
      this.#othersMay = nodes.some((node) => node.nodeId !== nodeId && node.state === "ALIVE" && !node.draining);
    } catch (error) {
      log.warn({ err: error }, "the control store did not hear that the node leaves");
    }
  }

  /** Their health fails from now on; they serve on. The controller says the same, where there is one. */
  async #tellProxies(): Promise<void> {
    await Promise.all(this.#deps.actors.all.filter(isProxy).map((actor) => this.#tellProxy(actor)));
  }

  async #tellProxy({ addresses }: HostedActor): Promise<void> {
    if (addresses === null) return;
    const { token, clock, log } = this.#deps;
    const timeoutMs = nodeLimits.proxyCallTimeoutMs;
    try {
      const link = await dial(addresses.unix, { token, identity: { role: "agent", id: "" }, clock, log, timeoutMs });
      try {
        await createClient(link, proxyService).setDraining({ draining: true }, { timeoutMs });
      } finally {
        link.close("told");
      }
    } catch (error) {
      log.warn({ err: error }, "a proxy could not be told that its node leaves");
    }
  }
}

const isProxy = ({ record }: HostedActor): boolean => record.spec.entry.module === "serve-proxy";
