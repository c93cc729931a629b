import { once } from "node:events";
import { createServer } from "node:net";
import type { Clock } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import { sleep } from "../base/wait.ts";
import type { ResolvedNodeOptions } from "./options.ts";

/** A head that was just killed gives its ports back within this. */
const releaseMs = 2_000;
const intervalMs = 50;

/**
 * A second head at the same address would join the first one instead of failing: refuses it, and an API
 * server's port that somebody else has, before anything is started.
 */
export const refuseTakenPorts = async (options: ResolvedNodeOptions, clock: Clock): Promise<void> => {
  const deadlineMs = clock.nowMs() + releaseMs;
  const wanted = [
    { flag: "--port", host: options.gcsHost, port: options.gcsPort },
    { flag: "--dashboard-port", host: options.dashboardHost, port: options.dashboardPort },
  ];
  for (const { flag, host, port } of wanted) {
    while (!(await isFree(host, port))) {
      if (clock.nowMs() >= deadlineMs) {
        throw new MantaError(
          "already_exists",
          `somebody listens on ${host}:${port} already: stop that head ("manta stop"), or choose another port with ${flag}`,
        );
      }
      await sleep(clock, intervalMs);
    }
  }
};

const isFree = async (host: string, port: number): Promise<boolean> => {
  const server = createServer().listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
    throw new MantaError("invalid_argument", `cannot listen on ${host}:${port}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  server.close();
  await once(server, "close");
  return true;
};
