import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import { sleep } from "../../base/wait.ts";
import type { KeptSockets } from "../../worker/actor-module.ts";
import type { HttpFront, HttpListenTarget } from "./http/front.ts";
import { proxyLimits } from "./limits.ts";

/** Where a proxy listens. */
export interface ProxyAddress {
  readonly host: string;
  /** 0: any free one, which is nobody's to keep. */
  readonly port: number;
  /** Present: the socket is the agent's, and outlives this process. */
  readonly sockets: KeptSockets | undefined;
}

/**
 * Starts to listen. A port in use is tried again for a while: it may be the one of the proxy that this one
 * replaces. Then it is `already_exists`, with what to do.
 */
export const listenFront = async (front: HttpFront, address: ProxyAddress, clock: Clock): Promise<void> => {
  const { host, port } = address;
  let busy: unknown;
  const listening = async (): Promise<boolean> => {
    try {
      await front.listen(await targetOf(address));
      return true;
    } catch (error) {
      const { code } = error as { readonly code?: string };
      if (code !== "EADDRINUSE" && code !== "already_exists") throw error;
      busy = error;
      return false;
    }
  };
  const endMs = clock.nowMs() + proxyLimits.listenRetryMs;
  while (!(await listening())) {
    if (clock.nowMs() >= endMs) {
      const advice = "end what listens there, or set http_options.port";
      throw new MantaError("already_exists", `${host}:${port} is in use: ${advice}`, { cause: busy });
    }
    await sleep(clock, proxyLimits.listenRetryPeriodMs);
  }
};

const targetOf = async ({ host, port, sockets }: ProxyAddress): Promise<HttpListenTarget> =>
  sockets === undefined ? { host, port } : { socket: await sockets.take(host, port) };
