/** Marks which class a handle speaks for; exists in types only. */
declare const handleOf: unique symbol;

/** How the calls through a handle are made. */
export interface HandleOptions {
  /** The method's result is a stream of values although it is no generator function. */
  readonly stream?: boolean;
  /** Prefer replicas that hold this model. */
  readonly multiplexedModelId?: string;
  /** From the call to its answer. Default: what is left of the request that the call belongs to. */
  readonly timeoutMs?: number;
}

/** The answer of a call: a promise that can be canceled. */
export interface DeploymentResponse<R> extends Promise<R> {
  readonly requestId: string;
  /** Ends the call at the replica, and rejects this promise with `canceled`. No-op once it is settled. */
  cancel(): void;
}

/** The answer of a call of a generator: values as they come. Leaving the loop ends the generator. */
export interface DeploymentResponseStream<Y> extends AsyncIterable<Y, void, undefined> {
  readonly requestId: string;
  cancel(): void;
}

/** Hooks that Manta calls, and the HTTP entry: not for callers. */
export type HookName = "fetch" | "setup" | "reconfigure" | "checkHealth" | "shutdown";

type CallableName<T> = {
  [K in keyof T]: K extends HookName | `_${string}`
    ? never
    : K extends string
      ? T[K] extends (...args: never[]) => unknown
        ? K
        : never
      : never;
}[keyof T];

/** Promises among the arguments are awaited before the call is sent. */
type CallArgs<Args extends readonly unknown[]> = { [K in keyof Args]: Args[K] | PromiseLike<Args[K]> };

type CallResult<R> = [Awaited<R>] extends [never] ? DeploymentResponse<never> : ValueResult<Awaited<R>>;

type ValueResult<V> = [V] extends [AsyncIterable<infer Y>]
  ? DeploymentResponseStream<Y>
  : [V] extends [Generator<infer Y>]
    ? DeploymentResponseStream<Awaited<Y>>
    : DeploymentResponse<V>;

type RemoteCall<F> = F extends (...args: infer Args) => infer R ? (...args: CallArgs<Args>) => CallResult<R> : never;

interface HandleControls<T> {
  readonly appName: string;
  readonly deploymentName: string;
  /** The same deployment, called with these options. */
  options(options: HandleOptions): Handle<T>;
  /** Type only. */
  readonly [handleOf]: T;
}

/**
 * Calls the replicas of a deployment: `T` is its class (or function). A method call is sent at once and
 * returns a `DeploymentResponse`, or for a generator method a stream of values. Public methods only: not
 * the hooks, and nothing whose name begins with an underscore. A handle of a function is itself called.
 */
export type Handle<T> = HandleControls<T> &
  (T extends (...args: never[]) => unknown ? RemoteCall<T> : { readonly [K in CallableName<T>]: RemoteCall<T[K]> });

/** The class a handle type speaks for. */
export type HandleTarget<H> = H extends { readonly [handleOf]: infer T } ? T : never;
