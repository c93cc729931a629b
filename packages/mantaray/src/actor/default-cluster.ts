import type { ActorHandle } from "./actor-handle.ts";
import type { Cluster } from "./cluster.ts";
import { type ConnectOptions, connect } from "./connect.ts";

/** A cluster that is opened at its first use. */
export class LazyCluster {
  readonly #options: ConnectOptions;
  #opening: Promise<Cluster> | undefined;

  constructor(options: ConnectOptions = {}) {
    this.#options = options;
  }

  async get(): Promise<Cluster> {
    this.#opening ??= connect(this.#options);
    const opening = this.#opening;
    try {
      return await opening;
    } catch (error) {
      // The next use tries again.
      if (this.#opening === opening) this.#opening = undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    if (opening !== undefined) await (await opening).close();
  }
}

/** What `getActor` and `kill` of a script use: the cluster that `RAY_ADDRESS` or this machine names. */
const scriptCluster = new LazyCluster();

/** The live actor of that name in the default cluster. Code that has a `Cluster` uses that instead. */
export const getActor = async (name: string, options: { namespace?: string } = {}): Promise<ActorHandle> =>
  (await scriptCluster.get()).getActor(name, options);

/** Kills an actor at once. `noRestart` default true: it ends for good. */
export const kill = async (handle: ActorHandle, options: { noRestart?: boolean } = {}): Promise<void> =>
  handle.kill({ noRestart: options.noRestart ?? true });

/** Closes the default cluster, so that a script can end. */
export const disconnect = (): Promise<void> => scriptCluster.close();
