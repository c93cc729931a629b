import { AsyncLocalStorage } from "node:async_hooks";
import { MantaError } from "../../base/errors.ts";

/** The replica that the code runs in. */
export interface ReplicaContext {
  readonly appName: string;
  readonly deployment: string;
  /** Full id: `SERVE_REPLICA::<app>#<deployment>#<tag>`. */
  readonly replicaId: string;
  /** The random part of the id. */
  readonly replicaTag: string;
  /** The instance of the deployment's class. */
  readonly servableObject: unknown;
}

/** The request or call that the code works on. */
export interface RequestContext {
  /** The client's `x-request-id`, or one made by the proxy; the same for every call made on its behalf. */
  readonly requestId: string;
  readonly appName: string;
  /** Route prefix the request came by; empty in a handle call. */
  readonly route: string;
  /** Model id of a multiplexed call; empty for none. */
  readonly multiplexedModelId: string;
  /** Address of the HTTP client; empty in a handle call. */
  readonly clientAddress: string;
  /** Ms left until the deadline; undefined without one. */
  readonly remainingMs: number | undefined;
  /** The caller has given up, or the time is up. */
  readonly canceled: boolean;
  /** Fires then: with an `AbortError`, or with a `TimeoutError`. */
  readonly signal: AbortSignal;
}

/** What a request's context does for the calls made on its behalf. Not for applications. */
export interface ActiveRequest extends RequestContext {
  /** On the monotonic clock; 0 for none. */
  readonly deadlineAtMs: number;
  /** Runs `listener` when the caller gives up. Returns the function that takes it back. */
  onCancel(listener: () => void): () => void;
}

/** State of the process that hosts a replica. */
export interface ReplicaProcess {
  replica: ReplicaContext | undefined;
  readonly requests: AsyncLocalStorage<ActiveRequest>;
}

/** One slot a process, so that a second copy of this package (in a bundle, say) finds the same. */
const slot: unique symbol = Symbol.for("mantaray.replica-process") as never;

/** The process's slot; made at first use. */
export const replicaProcess = (): ReplicaProcess => {
  const holder = globalThis as { [slot]?: ReplicaProcess };
  holder[slot] ??= { replica: undefined, requests: new AsyncLocalStorage<ActiveRequest>() };
  return holder[slot];
};

/** The replica that the calling code runs in; `invalid_argument` outside of one. */
export const getReplicaContext = (): ReplicaContext => {
  const { replica } = replicaProcess();
  if (replica === undefined)
    throw new MantaError("invalid_argument", "getReplicaContext() works inside a replica only");
  return replica;
};

/** The request or handle call that the calling code works on; undefined outside of one. */
export const getRequestContext = (): RequestContext | undefined => replicaProcess().requests.getStore();
