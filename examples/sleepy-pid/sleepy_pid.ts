import { setTimeout as sleep } from "node:timers/promises";
import { deployment } from "mantaray";

/** Takes its time to start, then answers the pid of its process. */
class SleepyPid {
  readonly delayMs: number;

  constructor(delayMs: number) {
    this.delayMs = delayMs;
  }

  async setup() {
    await sleep(this.delayMs);
  }

  fetch() {
    return process.pid;
  }
}

const sleepyPid = deployment(SleepyPid, { numReplicas: 6, rayActorOptions: { numCpus: 0 } });

/** Builder: `args: { delay_s: 0.1 }` in the config makes it start faster. */
export const build = ({ delay_s = 10 }: { delay_s?: number }) => sleepyPid.bind(delay_s * 1000);

export const app = build({});
