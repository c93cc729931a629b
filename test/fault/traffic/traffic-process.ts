import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { waitFor } from "../../../packages/mantaray/src/base/wait.ts";
import { classes } from "./classes.ts";
import type { Latencies } from "./latency-log.ts";
import type { TrafficAnswer, TrafficOrder, TrafficPlan } from "./protocol.ts";
import type { WindowReport } from "./report.ts";

/** Above the cluster: clients are elsewhere in reality, so their waiting for a core must not look like the server's. */
const priority = -10;

/** The clients of a run as the harness sees them. */
export class TrafficProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (value: TrafficAnswer["value"]) => void>();
  readonly plan: TrafficPlan;
  #id = 0;

  private constructor(plan: TrafficPlan, wrap: (command: readonly string[]) => readonly [string, ...string[]]) {
    this.plan = plan;
    const [program, ...args] = wrap([process.execPath, fileURLToPath(new URL("main.ts", import.meta.url))]);
    this.#child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#child.on("message", ({ id, value }: TrafficAnswer) => {
      this.#waiting.get(id)?.(value);
      this.#waiting.delete(id);
    });
  }

  /** Starts sending. `wrap` turns the process's command into one that runs elsewhere. */
  static async start(
    plan: TrafficPlan,
    wrap: (command: readonly string[]) => readonly [string, ...string[]] = ([program = "", ...args]) => [
      program,
      ...args,
    ],
  ): Promise<TrafficProcess> {
    const traffic = new TrafficProcess(plan, wrap);
    raise(traffic.#child.pid ?? 0);
    await traffic.#ask({ kind: "start", plan });
    return traffic;
  }

  /** What the window has seen, all its requests ended; the next begins. */
  async take(): Promise<WindowReport> {
    return (await this.#ask({ kind: "take", settleMs: this.plan.timeoutMs + 1_000 })) as WindowReport;
  }

  /** Of the open loop, between two times of the wall clock. */
  async latencies(fromMs: number, toMs: number): Promise<Latencies> {
    return (await this.#ask({ kind: "latencies", fromMs, toMs })) as Latencies;
  }

  /** Waits until so many more requests have been answered well. */
  async answers(count: number, timeoutMs = 60_000): Promise<void> {
    const okNow = async (): Promise<number> => (await this.#ask({ kind: "ok" })) as number;
    const from = await okNow();
    await waitFor(async () => (await okNow()) - from >= count, { timeoutMs, what: `${count} answers`, intervalMs: 50 });
  }

  /** Waits until a request of every class has ended in this window; gives up silently, for the table tells. */
  async everyClass(timeoutMs = 15_000): Promise<void> {
    const all = async (): Promise<boolean> =>
      ((await this.#ask({ kind: "seen" })) as readonly string[]).length >= classes.length;
    await waitFor(all, { timeoutMs, what: "a request of every class", intervalMs: 50 }).catch(() => undefined);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.disconnect();
    await exited;
  }

  #ask(order: TrafficOrder): Promise<TrafficAnswer["value"]> {
    this.#id += 1;
    const id = this.#id;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, resolve);
      this.#child.send({ id, order }, (error) => {
        if (error !== null) reject(error);
      });
    });
  }
}

const raise = (pid: number): void => {
  try {
    setPriority(pid, priority);
  } catch {
    // Only root may: the figures then hold the clients' own waiting too.
  }
};
