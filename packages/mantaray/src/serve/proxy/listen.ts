import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import { sleep } from "../../base/wait.ts";
import type { HttpFront } from "./http/front.ts";
import { proxyLimits } from "./limits.ts";

/**
 * Starts to listen. A port in use is tried again for a while: it may be the one of the proxy that this one
 * replaces. Then it is `already_exists`, with what to do.
 */
export const listenFront = async (front: HttpFront, host: string, port: number, clock: Clock): Promise<void> => {
  let busy: unknown;
  const listening = async (): Promise<boolean> => {
    try {
      await front.listen({ host, port });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
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
