import { randomUUID } from "node:crypto";
import { type Clock, systemClock } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import type { ActorId } from "../base/ids.ts";
import type { Log } from "../base/log.ts";
import { sleep } from "../base/wait.ts";
import { type ActorRecord, type ActorSpecInput, type ActorState, actorSpecSchema } from "../protocol/actor.ts";
import { type GcsService, gcsService } from "../protocol/gcs.ts";
import { type Client, type PersistentLink, persistentClient } from "../rpc/index.ts";
import type { Link, PeerIdentity } from "../rpc/types.ts";
import { ActorHandle, type CallOptions, type HandleOwner } from "./actor-handle.ts";
import { invoke } from "./invoke.ts";
import { actorLimits } from "./limits.ts";
import { LinkCache } from "./link-cache.ts";

/** What a cluster client is made of. */
export interface ClusterDeps {
  readonly persistentLink: PersistentLink;
  readonly token: string;
  readonly identity: PeerIdentity;
  readonly log: Log;
  readonly clock?: Clock;
}

/** A client of one cluster. It finds a restarted control store again by itself. */
export class Cluster implements HandleOwner {
  /** The control store. Calls wait for a link within their timeout, else `unavailable`. */
  readonly gcs: Client<GcsService>;
  readonly #persistentLink: PersistentLink;
  readonly #links: LinkCache;
  readonly #clock: Clock;

  constructor(deps: ClusterDeps) {
    this.#persistentLink = deps.persistentLink;
    this.#links = new LinkCache({ token: deps.token, identity: deps.identity, log: deps.log });
    this.#clock = deps.clock ?? systemClock;
    this.gcs = persistentClient(deps.persistentLink, gcsService);
  }

  /** The live actor of that name; `not_found` when there is none. */
  async getActor(name: string, options: { namespace?: string } = {}): Promise<ActorHandle> {
    const namespace = options.namespace ?? "default";
    const { actor } = await this.gcs.getActor({ name, namespace });
    if (actor.state === "DEAD") {
      throw new MantaError("not_found", `actor ${name} of namespace ${namespace} is dead`, {
        details: { actorId: actor.actorId },
      });
    }
    return this.handle(actor);
  }

  /** Asks for an actor and answers at once: `waitForActor` tells when it is ready. */
  async createActor(spec: ActorSpecInput): Promise<ActorHandle> {
    const { actor } = await this.gcs.createActor({ spec: actorSpecSchema.parse(spec) });
    return this.handle(actor);
  }

  handle(actor: ActorRecord): ActorHandle {
    return new ActorHandle(this, { actorId: actor.actorId, name: actor.spec.name, namespace: actor.spec.namespace });
  }

  /**
   * Waits until the actor is in one of `states`. Rejects with `actor_died` when it is dead and that was
   * not asked for, and with `deadline_exceeded`, which says why it is pending.
   */
  async waitForActor(
    actorId: ActorId,
    states: readonly ActorState[],
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<ActorRecord> {
    const deadlineMs = this.#clock.nowMs() + options.timeoutMs;
    let intervalMs: number = actorLimits.waitIntervalMs;
    let last: string = "its state is not known";
    for (;;) {
      try {
        const actor = await this.actorRecord(actorId);
        if (states.includes(actor.state)) return actor;
        if (actor.state === "DEAD") throw actorDied(actor);
        last = `it is ${actor.state}${actor.pendingReason === "" ? "" : ` (${actor.pendingReason})`}`;
      } catch (error) {
        const reason = MantaError.from(error);
        // The control store may be away for a moment: the deadline decides.
        if (!reason.retryable) throw reason;
        last = reason.rawMessage;
      }
      if (this.#clock.nowMs() >= deadlineMs) {
        const wanted = states.join(" or ");
        throw new MantaError(
          "deadline_exceeded",
          `actor ${actorId} was not ${wanted} within ${options.timeoutMs} ms: ${last}`,
        );
      }
      await sleep(this.#clock, intervalMs, options.signal);
      intervalMs = Math.min(actorLimits.waitIntervalMaxMs, intervalMs * 2);
    }
  }

  /** Kills the process at once. `noRestart` false: it restarts as its `maxRestarts` allows. */
  async kill(target: { readonly actorId: ActorId }, options: { noRestart: boolean }): Promise<void> {
    const reason = options.noRestart ? "killed by a client" : "killed by a client, to restart";
    await this.gcs.killActor({ actorId: target.actorId, noRestart: options.noRestart, graceMs: 0, reason });
  }

  /** A link to an actor's process, kept while it lives. `unavailable` while the actor is not running. */
  async link(target: ActorHandle | ActorRecord): Promise<Link> {
    const actor = target instanceof ActorHandle ? await target.record() : target;
    if (actor.state === "DEAD") throw actorDied(actor);
    if (actor.addresses === null) {
      throw new MantaError("unavailable", `actor ${actor.spec.name || actor.actorId} is ${actor.state}: try again`);
    }
    return this.#links.link(actor.addresses);
  }

  /** The actor of that id as the control store has it; `not_found`. */
  async actorRecord(actorId: ActorId): Promise<ActorRecord> {
    const { actors } = await this.gcs.listActors({ actorIds: [actorId] });
    const actor = actors.find((candidate) => candidate.actorId === actorId);
    if (actor === undefined) throw new MantaError("not_found", `there is no actor ${actorId}`);
    return actor;
  }

  async callActor(
    handle: ActorHandle,
    method: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<unknown> {
    const link = await this.link(handle);
    return invoke(link, method, args, {
      timeoutMs: options.timeoutMs ?? actorLimits.callTimeoutMs,
      requestId: randomUUID(),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  }

  /** Resolves when there is a link to the control store. */
  async ready(options: { timeoutMs: number }): Promise<void> {
    await this.#persistentLink.ready(options);
  }

  async close(): Promise<void> {
    await this.#links.close();
    this.#persistentLink.close();
  }
}

const actorDied = (actor: ActorRecord): MantaError =>
  new MantaError(
    "actor_died",
    `actor ${actor.spec.name || actor.actorId} is dead: ${actor.deathCause?.message ?? "no cause was recorded"}`,
    { details: { actorId: actor.actorId } },
  );
