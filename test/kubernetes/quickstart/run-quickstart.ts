import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type KubeObject, LocalKubernetes } from "@manta/testkit/kubernetes";
import { waitFor } from "mantaray/testing";
import type { LoadSnapshot } from "../../../bench/load/load-counters.ts";
import type { LoadRequest } from "../../../bench/load/load-request.ts";
import { type OpenLoad, startOpenLoad } from "../open-load.ts";
import { pageCommands } from "../page-commands.ts";
import { type CommandResult, Terminal } from "../terminal.ts";
import { QueryPod } from "./query-pod.ts";

export const page = "docs/quickstart-kubernetes.md";

/** One run. */
export interface QuickstartOptions {
  /** Of a cluster that is there; it has the image, and nothing of the page. Default: a small Kubernetes of this run's own. */
  readonly kubeconfig?: string | undefined;
  /** Besides the query pod, from this machine: not on a cluster whose Services it cannot reach. 0: none. */
  readonly loadPerSecond: number;
  readonly say: (line: string) => unknown;
}

/** What came of it. */
export interface QuickstartResult {
  readonly commands: readonly CommandResult[];
  /** From `kubectl apply` until the RayService is Ready. */
  readonly readyMs: number;
  /** From `kubectl delete pod` until another head pod is Ready. */
  readonly replacedMs: number;
  /** Of the query pod. */
  readonly requests: number;
  readonly failures: number;
  readonly lastLines: readonly string[];
  /** Of the query pod: what was no right answer. */
  readonly complaints: readonly string[];
  readonly load?: LoadSnapshot;
}

/** More than the page's own time limits. */
const commandTimeoutMs = 360_000;
const lookTimeoutMs = 30_000;
const replacementTimeoutMs = 180_000;
const requestsBefore = 100;
const requestsAfter = 300;
const serveService = "rayservice-ha-serve-svc";

/** Runs the page's commands. Rejects where one of them fails; failed requests are counted. */
export const runQuickstart = async (options: QuickstartOptions): Promise<QuickstartResult> => {
  if (options.kubeconfig !== undefined) return runElsewhere(options.kubeconfig, options);
  const cluster = await LocalKubernetes.start();
  try {
    // In the cluster's folder, which goes on Ctrl-C too.
    return await runOn(cluster.kubeconfigFile, join(dirname(cluster.kubeconfigFile), "terminal"), options);
  } finally {
    await cluster.close();
  }
};

const runElsewhere = async (kubeconfig: string, options: QuickstartOptions): Promise<QuickstartResult> => {
  const folder = mkdtempSync(join(tmpdir(), "manta-quickstart-"));
  try {
    return await runOn(kubeconfig, folder, options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const runOn = async (kubeconfig: string, folder: string, options: QuickstartOptions): Promise<QuickstartResult> => {
  const terminal = await Terminal.open({ kubeconfig, folder });
  try {
    return await new Walk(terminal, options).walk();
  } finally {
    await terminal.close();
  }
};

class Walk {
  readonly #terminal: Terminal;
  readonly #options: QuickstartOptions;
  readonly #done: CommandResult[] = [];

  constructor(terminal: Terminal, options: QuickstartOptions) {
    this.#terminal = terminal;
    this.#options = options;
  }

  async walk(): Promise<QuickstartResult> {
    await this.#steps(1, 6);
    const query = new QueryPod(this.#terminal, queryCommand());
    const load = await this.#startLoad();
    await query.more(requestsBefore);
    const replacedMs = await this.#replaceHead();
    await query.more(requestsAfter);
    const snapshot = await load?.stop();
    await query.end();
    await this.#steps(8, Number.POSITIVE_INFINITY);
    return {
      commands: this.#done,
      readyMs: this.#resultOf("kubectl wait --for=condition=Ready").endMs - this.#resultOf("kubectl apply").startMs,
      replacedMs,
      ...query.counts,
      lastLines: query.lines.slice(-4),
      complaints: query.complaints,
      ...(snapshot === undefined ? {} : { load: snapshot }),
    };
  }

  async #steps(first: number, last: number): Promise<void> {
    for (const { step, text } of pageCommands(page, "quickstart")) {
      if (step < first || step > last) continue;
      this.#options.say(`$ ${text}`);
      const result = await this.#terminal.run(text, commandTimeoutMs);
      if (result.output !== "") this.#options.say(result.output.trimEnd());
      this.#options.say(`(${((result.endMs - result.startMs) / 1000).toFixed(1)} s)`);
      this.#done.push(result);
    }
  }

  /** Until another pod than the one that is there is the head and Ready. ms. */
  async #replaceHead(): Promise<number> {
    const old = await this.#readyHead();
    const isReplaced = async (): Promise<boolean> => ![undefined, old].includes(await this.#readyHead());
    await this.#steps(7, 7);
    await waitFor(isReplaced, { timeoutMs: replacementTimeoutMs, what: "the new head pod to be Ready" });
    return performance.now() - this.#resultOf("kubectl delete pod").startMs;
  }

  /** Its uid. */
  async #readyHead(): Promise<string | undefined> {
    const { output } = await this.#terminal.run("kubectl get pods -l ray.io/node-type=head -o json", lookTimeoutMs);
    return (JSON.parse(output) as { items: KubeObject[] }).items.find(isReady)?.metadata.uid;
  }

  async #startLoad(): Promise<OpenLoad | undefined> {
    const { loadPerSecond } = this.#options;
    if (loadPerSecond === 0) return undefined;
    const look = `kubectl get svc ${serveService} -o jsonpath='{.spec.clusterIP}'`;
    const { output } = await this.#terminal.run(look, lookTimeoutMs);
    return startOpenLoad(`http://${output}:8000`, loadPerSecond, [fruitRequest]);
  }

  #resultOf(beginning: string): CommandResult {
    const result = this.#done.find(({ command }) => command.startsWith(beginning));
    if (result === undefined) throw new Error(`${page} has no command ${beginning}`);
    return result;
  }
}

const fruitRequest: LoadRequest = {
  name: "fruit",
  method: "POST",
  path: "/fruit/",
  body: '["PEAR", 12]',
  expect: (_status, body) => body === "12",
};

/** What step 6 types in the pod's shell, in one line. */
const queryCommand = (): string => {
  const [exec = "", script = ""] = pageCommands(page, "query").map(({ text }) => text);
  return `${exec.replace("-it ", "")} -c '${script}'`;
};

const isReady = (pod: KubeObject): boolean => {
  const { conditions = [] } = (pod.status ?? {}) as { conditions?: { type: string; status: string }[] };
  const { deletionTimestamp } = pod.metadata;
  return (
    deletionTimestamp === undefined && conditions.some(({ type, status }) => type === "Ready" && status === "True")
  );
};
