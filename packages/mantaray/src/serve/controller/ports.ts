import type { ActorRecord } from "../../protocol/actor.ts";
import type { GcsService } from "../../protocol/gcs.ts";
import type { ProxyService } from "../../protocol/proxy.ts";
import type { ReplicaService } from "../../protocol/replica.ts";
import type { Client } from "../../rpc/index.ts";
import type { BuildOutcome } from "./state/finish-build.ts";

/**
 * The seam at which the controller acts on the world. Everything above it is decided without input or
 * output, so that a simulation can stand in below it.
 */
export interface ControllerPorts {
  readonly gcs: ControllerGcs;
  readonly replicas: ReplicaPort;
  readonly proxies: ProxyPort;
  readonly builds: BuildPort;
}

/** What the controller uses of the control store. */
export type ControllerGcs = Pick<
  Client<GcsService>,
  | "createActor"
  | "killActor"
  | "removeActor"
  | "getActor"
  | "listActors"
  | "kvPut"
  | "kvGet"
  | "kvDelete"
  | "kvKeys"
  | "putRouting"
  | "getRouting"
  | "subscribe"
  | "reportEvent"
  | "ping"
>;

/** Calls to live replicas. Errors are `MantaError`s; the code tells a lost link from a sick replica. */
export interface ReplicaPort {
  /** Resolves with the requests that it answers at the moment. */
  checkHealth(actor: ActorRecord, timeoutMs: number): Promise<number>;
  reconfigure(actor: ActorRecord, change: ReconfigureRequest, timeoutMs: number): Promise<void>;
  /** The user config that the replica runs with now. */
  userConfig(actor: ActorRecord, timeoutMs: number): Promise<unknown>;
}

export type ReconfigureRequest = Parameters<Client<ReplicaService>["reconfigure"]>[0];

/** What a proxy says of itself. */
export type ProxyHealth = Awaited<ReturnType<Client<ProxyService>["checkHealth"]>>;

/** Calls to live proxies. */
export interface ProxyPort {
  checkHealth(actor: ActorRecord, timeoutMs: number): Promise<ProxyHealth>;
  setDraining(actor: ActorRecord, draining: boolean, timeoutMs: number): Promise<void>;
}

/** Turns an import path into a bundle that is in the control store. Never rejects for an error of the user's. */
export interface BuildPort {
  build(request: BuildRequest): Promise<BuildOutcome>;
  /** Deletes the bundles of the control store that are not in `keep`. */
  prune(keep: ReadonlySet<string>): Promise<void>;
}

export interface BuildRequest {
  readonly app: string;
  readonly importPath: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly envVars: Readonly<Record<string, string>>;
  /** Folder in which the code is looked up first: a path, or a `file://` address. */
  readonly workingDir: string | undefined;
}
