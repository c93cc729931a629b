import type { ActorId } from "../base/ids.ts";
import type { ActorRecord } from "../protocol/actor.ts";

/** What a handle needs of its cluster. */
export interface HandleOwner {
  actorRecord(actorId: ActorId, name: string, namespace: string): Promise<ActorRecord>;
  callActor(handle: ActorHandle, method: string, args: readonly unknown[], options: CallOptions): Promise<unknown>;
  kill(handle: ActorHandle, options: { noRestart: boolean }): Promise<void>;
}

/** How one call is made. */
export interface CallOptions {
  /** Default 60 s; 0 for none. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A reference to one actor. It stays valid while the actor restarts; it never turns into another actor. */
export class ActorHandle {
  readonly actorId: ActorId;
  /** Empty for an anonymous actor. */
  readonly name: string;
  readonly namespace: string;
  readonly #owner: HandleOwner;

  constructor(owner: HandleOwner, identity: { actorId: ActorId; name: string; namespace: string }) {
    this.#owner = owner;
    this.actorId = identity.actorId;
    this.name = identity.name;
    this.namespace = identity.namespace;
  }

  /** The actor as the control store has it now. */
  record(): Promise<ActorRecord> {
    return this.#owner.actorRecord(this.actorId, this.name, this.namespace);
  }

  /** Calls a method of the actor's object and gives what it returns, or throws what it threw. */
  call(method: string, ...args: readonly unknown[]): Promise<unknown> {
    return this.#owner.callActor(this, method, args, {});
  }

  /** As `call`, with a time limit and a way to cancel. */
  callWith(options: CallOptions, method: string, ...args: readonly unknown[]): Promise<unknown> {
    return this.#owner.callActor(this, method, args, options);
  }

  /** Ends the actor's process at once. `noRestart` false: it restarts as its `maxRestarts` allows. */
  kill(options: { noRestart: boolean }): Promise<void> {
    return this.#owner.kill(this, options);
  }
}
