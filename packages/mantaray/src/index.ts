/**
 * The package: everything an application or a script imports from "mantaray". Importing it has no effect
 * and needs no cluster; the client of a cluster is loaded when it is first used.
 */

import type { ActorHandle } from "./actor/actor-handle.ts";
import type { Cluster } from "./actor/cluster.ts";
import type { ConnectOptions } from "./actor/connect.ts";

export type {
  AutoscalingOptions,
  DeploymentOptions,
  DeploymentResponse,
  DeploymentResponseStream,
  FetchObject,
  Handle,
  HandleOptions,
  IdempotencyOptions,
  RayActorOptions,
  ReplicaContext,
  RequestContext,
} from "./serve/api/index.ts";
export {
  Application,
  BackPressureError,
  Deployment,
  DeploymentUnavailableError,
  deployment,
  getReplicaContext,
  getRequestContext,
  MantaError,
  ReplicaDiedError,
  RequestCancelledError,
  RequestTimeoutError,
} from "./serve/api/index.ts";
export type { ActorHandle, Cluster, ConnectOptions };

/** Opens a client of a cluster: the one that `RAY_ADDRESS` or this machine names, unless told otherwise. Close it when done. */
export const connect = async (options: ConnectOptions = {}): Promise<Cluster> =>
  (await import("./actor/index.ts")).connect(options);

/** The live actor of that name in the default cluster; `namespace` default `default`. */
export const getActor = async (name: string, options: { namespace?: string } = {}): Promise<ActorHandle> =>
  (await import("./actor/index.ts")).getActor(name, options);

/** Kills an actor's process at once. `noRestart` default true: it ends for good. */
export const kill = async (handle: ActorHandle, options: { noRestart?: boolean } = {}): Promise<void> =>
  (await import("./actor/index.ts")).kill(handle, options);

/** Closes the default cluster that `getActor` opened, so that a script can end. */
export const disconnect = async (): Promise<void> => (await import("./actor/index.ts")).disconnect();
