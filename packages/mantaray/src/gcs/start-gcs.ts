import { hostname } from "node:os";
import type { Clock } from "../base/clock.ts";
import type { MantaError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { withTimeout } from "../base/wait.ts";
import { gcsService } from "../protocol/gcs.ts";
import { type LinkServer, listen, serveService } from "../rpc/index.ts";
import type { ControlStore } from "../store/index.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import { lead } from "./leadership.ts";
import { gcsLimits } from "./limits.ts";
import { gcsImplementation } from "./service/gcs-implementation.ts";

/** What a control store runs on. */
export interface GcsOptions {
  /** Opened; closed by `close`. */
  readonly store: ControlStore;
  /** `tcp:host:port`; port 0 takes a free one. */
  readonly address: string;
  readonly token: string;
  readonly sessionName: string;
  /** Who holds the lease. Default: this process. */
  readonly holder?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** A control store that serves. */
export interface RunningGcs {
  /** With the real port. */
  readonly address: string;
  /** Resolves with the error when it cannot go on: the store has failed or the lease is lost. */
  readonly failed: Promise<MantaError>;
  /** Stops in order: no more calls, everything durable, lease released. */
  close(): Promise<void>;
}

/** Waits for the lease, recovers the state and serves. The signal ends the wait for the lease. */
export const startGcs = async (options: GcsOptions, signal: AbortSignal = never): Promise<RunningGcs> => {
  const { store, clock, random, log, token, sessionName } = options;
  const failure = Promise.withResolvers<MantaError>();
  const stopping = new AbortController();
  const fail = (error: MantaError): void => {
    if (!stopping.signal.aborted) failure.resolve(error);
  };
  const holder = options.holder ?? `${hostname()}:${process.pid}:${sessionName}`;
  const leadership = await lead({
    store,
    holder,
    clock,
    log,
    signal: AbortSignal.any([signal, stopping.signal]),
    onLost: fail,
  });
  const cluster = await openCluster({
    store,
    epoch: leadership.epoch,
    sessionName,
    clock,
    random,
    log,
    onStoreFailure: fail,
  });
  const server = await serve(options, cluster, token).catch(async (error: unknown) => {
    stopping.abort();
    cluster.stop();
    await leadership.release();
    throw error;
  });
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    stopping.abort();
    cluster.stop();
    await server.close();
    try {
      await cluster.ledger.settled();
      await leadership.release();
    } catch (error) {
      log.warn({ err: error }, "the lease was not given back");
    }
    await store.close();
  };
  return {
    address: server.addresses[0] ?? options.address,
    failed: failure.promise,
    close: () => (closed ??= withTimeout(close(), gcsLimits.shutdownMs, "the stop of the control store", clock)),
  };
};

const serve = (options: GcsOptions, cluster: Cluster, token: string): Promise<LinkServer> => {
  const implementation = gcsImplementation(cluster);
  return listen([options.address], {
    token,
    identity: { role: "gcs", id: "" },
    log: options.log,
    onLink: (link) => serveService(link, gcsService, implementation),
  });
};

const never = new AbortController().signal;
