import { hostname } from "node:os";
import type { Clock } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { withTimeout } from "../base/wait.ts";
import { gcsService } from "../protocol/gcs.ts";
import { type LinkServer, listen, serveService } from "../rpc/index.ts";
import type { ControlStore } from "../store/index.ts";
import { holderName } from "./lease-claim.ts";
import { gcsLimits } from "./limits.ts";
import { Reign } from "./reign.ts";
import { type Role, roleImplementation } from "./service/role-implementation.ts";
import { StoreHealth } from "./state/store-health.ts";

/** What a control store runs on. */
export interface GcsOptions {
  /** Opened; closed by `close`. */
  readonly store: ControlStore;
  /** `tcp:host:port`; port 0 takes a free one. */
  readonly address: string;
  /** Where others dial it, `tcp:host:port`. Default: where it listens. */
  readonly advertise?: string;
  readonly token: string;
  readonly sessionName: string;
  /**
   * Names who holds the lease, together with the address: one that restarts in place under the same name has its lease
   * again at once. Default: this process.
   */
  readonly holder?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** A control store that listens: it leads, or stands by. */
export interface RunningGcs {
  /** With the real port. */
  readonly address: string;
  readonly role: Role["kind"];
  /** Resolves with the error when it cannot go on: the store has failed, the lease is lost, or it has stepped down. */
  readonly failed: Promise<MantaError>;
  /** Stops in order: no more calls, everything durable, lease released. */
  close(): Promise<void>;
}

/**
 * Listens and waits for the lease. Resolves when it leads, or as soon as it is known that it stands by; the wait
 * goes on then. Whoever has the port has it alone, so a holder of the same name and address is a process that is gone.
 */
export const startGcs = async (options: GcsOptions): Promise<RunningGcs> => {
  const { store, clock, log, token, sessionName } = options;
  const failure = Promise.withResolvers<MantaError>();
  const health = new StoreHealth(clock, log);
  let role: Role = { kind: "standby", leader: "" };
  const server = await serve(options, () => role, health);
  const listensAt = server.addresses[0] ?? options.address;
  const address = options.advertise ?? listensAt;
  const reign = new Reign({
    ...options,
    address,
    token,
    sessionName,
    health,
    holder: holderName(address, options.holder ?? `${hostname()}:${process.pid}:${sessionName}`),
    onRole: (next) => {
      role = next;
    },
    onEnd: (error) => failure.resolve(error),
  });
  const early = await Promise.race([reign.begun, failure.promise]);
  if (early instanceof MantaError) {
    await server.close();
    throw early;
  }
  const close = async (): Promise<void> => {
    await reign.end();
    await server.close();
    await store.close();
  };
  let closed: Promise<void> | undefined;
  return {
    address: listensAt,
    get role() {
      return role.kind;
    },
    failed: failure.promise,
    close: () => (closed ??= withTimeout(close(), gcsLimits.shutdownMs, "the stop of the control store", clock)),
  };
};

const serve = (options: GcsOptions, role: () => Role, health: StoreHealth): Promise<LinkServer> => {
  const { address, token, sessionName, clock, log } = options;
  const implementation = roleImplementation(role, { sessionName, startMs: clock.wallMs(), health });
  return listen([address], {
    token,
    identity: { role: "gcs", id: "" },
    log,
    onLink: (link) => serveService(link, gcsService, implementation),
  });
};
