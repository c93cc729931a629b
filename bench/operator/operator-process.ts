import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { waitFor } from "mantaray/testing";
import { cpuSeconds } from "../process-cpu.ts";

/** How the operator is started. */
export interface OperatorProcessOptions {
  readonly kubeconfig: string;
  /** Calls of the API a second; the operator's own default is 100. */
  readonly qps: number;
  readonly resyncSeconds: number;
  /** Further flags of Node, such as those of a profiler. */
  readonly execArgv?: readonly string[];
}

/** Counters of the operator since its start. */
export interface OperatorCounters {
  readonly passes: number;
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
}

/** The operator's program, as a pod would run it. */
export class OperatorProcess {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #dir: string;
  readonly #metricsUrl: string;

  private constructor(child: ChildProcess, dir: string, port: number) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.#dir = dir;
    this.#metricsUrl = `http://127.0.0.1:${port}/metrics`;
  }

  /** Resolves when it answers. */
  static async start(options: OperatorProcessOptions): Promise<OperatorProcess> {
    const dir = mkdtempSync(join(tmpdir(), "manta-operator-bench-"));
    const path = join(dir, "kubeconfig");
    writeFileSync(path, options.kubeconfig);
    const port = await freePort();
    const main = fileURLToPath(new URL("../../packages/operator/src/main.ts", import.meta.url));
    const flags = [
      `--kubeconfig=${path}`,
      `--metrics-addr=127.0.0.1:${port}`,
      "--health-probe-bind-address=0",
      "--leader-election-namespace=default",
      `--qps=${options.qps}`,
      `--burst=${options.qps * 2}`,
    ];
    const child = spawn(process.execPath, ["--conditions=source", ...(options.execArgv ?? []), main, ...flags], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, RAYCLUSTER_DEFAULT_REQUEUE_SECONDS_ENV: String(options.resyncSeconds) },
    });
    const operator = new OperatorProcess(child, dir, port);
    await waitFor(async () => (await operator.counters()) ?? undefined, { timeoutMs: 30_000, what: "the operator" });
    return operator;
  }

  async counters(): Promise<OperatorCounters> {
    const text = await (await fetch(this.#metricsUrl)).text();
    return {
      passes: sumOf(text, 'controller_runtime_reconcile_total{controller="raycluster"'),
      cpuSeconds: cpuSeconds([this.pid]),
      peakRssBytes: peakRssBytes(this.pid),
    };
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, "exit");
      this.#child.kill("SIGTERM");
      await exited;
    }
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

const sumOf = (metrics: string, prefix: string): number =>
  metrics
    .split("\n")
    .filter((line) => line.startsWith(prefix))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);

const peakRssBytes = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
