import { request } from "node:http";
import { nodeLimits } from "./limits.ts";
import type { Child } from "./supervise/child-process.ts";
import type { Watched } from "./watchdog.ts";

/** A supervised program and how it is asked whether its loop turns. */
export interface WatchedProgram {
  /** Undefined between two lives. */
  readonly child: Child | undefined;
  readonly ping: () => Promise<unknown>;
}

/** What the watchdog has to ping besides workers: a control store or API server that hangs is as good as dead. */
export const watchedPrograms = (programs: readonly WatchedProgram[]): Watched[] =>
  programs.flatMap(({ child, ping }) =>
    child === undefined
      ? []
      : [
          {
            key: `${child.name}-${child.pid}`,
            // Silent until it serves: a control store may wait for its lease.
            timeoutMs: child.hasSpoken ? nodeLimits.programWatchdogTimeoutMs : 0,
            ping,
            onUnresponsive: () => child.signal("SIGKILL"),
          },
        ],
  );

/** Resolves with any answer of the API server, whatever its status. */
export const pingHttp = (host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const everywhere = host === "0.0.0.0" || host === "::";
    const outgoing = request({
      host: everywhere ? "127.0.0.1" : host,
      port,
      path: "/api/authentication_mode",
      signal: AbortSignal.timeout(nodeLimits.programPingTimeoutMs),
    });
    outgoing.once("error", reject);
    outgoing.once("response", (message) => {
      message.resume();
      resolve();
    });
    outgoing.end();
  });
