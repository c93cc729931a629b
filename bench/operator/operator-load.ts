import { waitFor } from "mantaray/testing";
import { cpuSeconds } from "../process-cpu.ts";
import { Kubernetes } from "./kubernetes.ts";
import type { KubernetesState } from "./kubernetes-process.ts";
import { type OperatorCounters, OperatorProcess } from "./operator-process.ts";

/** How much. */
export interface OperatorLoadOptions {
  readonly clusters: number;
  /** A head and so many less one workers. */
  readonly podsPerCluster: number;
  /** Limit of the operator's calls a second; high enough, the figures tell of the operator and not of the limit. */
  readonly qps: number;
  /** Passes over everything come this often, and the quiet phase lasts until one is over. */
  readonly resyncSeconds: number;
  /** For profiles: flags of Node for the operator, and for the API server. */
  readonly operatorArgv?: readonly string[];
  readonly serverArgv?: readonly string[];
}

/** What a phase took. */
export interface LoadPhase {
  readonly seconds: number;
  readonly operatorCpuSeconds: number;
  readonly serverCpuSeconds: number;
  readonly passes: number;
  /** Calls of the operator, by verb and resource, without watches. */
  readonly calls: ReadonlyMap<string, number>;
  /** Changes of RayClusters that were stored: `writes` has those that came to nothing too. */
  readonly clusterChanges: number;
  /** Writes for RayClusters: no events, and no lease. */
  readonly writes: number;
  readonly eventWrites: number;
}

/** What a load took. */
export interface OperatorLoad {
  /** From the first cluster's creation until all are ready. */
  readonly start: LoadPhase;
  /** Nothing happens, but for a pass over every cluster. */
  readonly quiet: LoadPhase;
  /** One worker of each cluster is deleted. */
  readonly storm: LoadPhase;
  readonly operatorPeakRssBytes: number;
  readonly serverPeakRssBytes: number;
}

/** RayClusters by the hundred against an API server, brought up by the operator's own program. */
export const runOperatorLoad = async (options: OperatorLoadOptions): Promise<OperatorLoad> => {
  const { clusters, podsPerCluster } = options;
  const kubernetes = await Kubernetes.start(options.serverArgv);
  let operator: OperatorProcess | undefined;
  try {
    operator = await OperatorProcess.start({
      kubeconfig: kubernetes.kubeconfig,
      qps: options.qps,
      resyncSeconds: options.resyncSeconds,
      ...(options.operatorArgv === undefined ? {} : { execArgv: options.operatorArgv }),
    });
    const run = new LoadRun(kubernetes, operator);
    await run.leads();
    const wanted = { clusters, pods: clusters * podsPerCluster };
    const start = await run.phase(async () => {
      await kubernetes.run({ kind: "create", clusters, workers: podsPerCluster - 1 });
      await run.isWhole(wanted);
    });
    await run.isCalm();
    const quiet = await run.phase(async () => await run.hasResynced(clusters));
    const storm = await run.phase(async () => {
      await kubernetes.run({ kind: "deletePods", clusters });
      await run.isWhole(wanted);
    });
    const { peakRssBytes } = await operator.counters();
    const { peakRssBytes: serverPeakRssBytes } = await kubernetes.run({ kind: "look" });
    return { start, quiet, storm, operatorPeakRssBytes: peakRssBytes, serverPeakRssBytes };
  } finally {
    await operator?.stop();
    await kubernetes.stop();
  }
};

class LoadRun {
  readonly #kubernetes: Kubernetes;
  readonly #operator: OperatorProcess;

  constructor(kubernetes: Kubernetes, operator: OperatorProcess) {
    this.#kubernetes = kubernetes;
    this.#operator = operator;
  }

  /** The first figures of a leader: it has its lease and its lists. */
  async leads(): Promise<void> {
    await this.#until("the operator's lease", 30_000, ({ counts }) =>
      counts.some(({ resource, verb }) => resource.startsWith("leases") && verb === "create"),
    );
  }

  async isWhole(wanted: { readonly clusters: number; readonly pods: number }): Promise<void> {
    await this.#until(
      "all clusters to be ready",
      600_000,
      (state) =>
        state.readyClusters === wanted.clusters && state.readyPods === wanted.pods && state.pods === wanted.pods,
    );
  }

  /** Events and late passes are over. */
  async isCalm(): Promise<void> {
    let before = -1;
    await waitFor(
      async () => {
        const writes = writesOf((await this.#kubernetes.run({ kind: "look" })).counts).all;
        const isCalm = writes === before;
        before = writes;
        return isCalm || undefined;
      },
      { timeoutMs: 120_000, intervalMs: 1_500, what: "the last writes" },
    );
  }

  async hasResynced(clusters: number): Promise<void> {
    const { passes } = await this.#operator.counters();
    await waitFor(async () => (await this.#operator.counters()).passes >= passes + clusters || undefined, {
      timeoutMs: 300_000,
      intervalMs: 250,
      what: "a pass over every cluster",
    });
  }

  async phase(act: () => Promise<void>): Promise<LoadPhase> {
    await this.#kubernetes.run({ kind: "resetCounts" });
    const before = await this.#read();
    const startedMs = performance.now();
    await act();
    const seconds = (performance.now() - startedMs) / 1_000;
    const after = await this.#read();
    const { counts, clusterChanges } = await this.#kubernetes.run({ kind: "look" });
    const { all, events } = writesOf(counts);
    return {
      seconds,
      operatorCpuSeconds: after.operator.cpuSeconds - before.operator.cpuSeconds,
      serverCpuSeconds: after.serverCpuSeconds - before.serverCpuSeconds,
      passes: after.operator.passes - before.operator.passes,
      calls: callsOf(counts),
      clusterChanges,
      writes: all - events,
      eventWrites: events,
    };
  }

  async #read(): Promise<{ operator: OperatorCounters; serverCpuSeconds: number }> {
    return { operator: await this.#operator.counters(), serverCpuSeconds: cpuSeconds([this.#kubernetes.pid]) };
  }

  async #until(what: string, timeoutMs: number, isSo: (state: KubernetesState) => boolean): Promise<void> {
    const probe = async (): Promise<true | undefined> =>
      isSo(await this.#kubernetes.run({ kind: "look" })) || undefined;
    await waitFor(probe, { timeoutMs, intervalMs: 250, what });
  }
}

type Counts = KubernetesState["counts"];

/** Of the operator, and without its lease, which it renews whatever happens. */
const ours = (counts: Counts): Counts =>
  counts.filter(
    ({ userAgent, verb, resource }) =>
      userAgent === "manta-operator" && verb !== "watch" && !resource.startsWith("leases"),
  );

const callsOf = (counts: Counts): ReadonlyMap<string, number> =>
  new Map(ours(counts).map(({ verb, resource, count }) => [`${verb} ${resource}`, count]));

const writeVerbs = new Set(["create", "update", "patch", "delete", "deletecollection"]);

const writesOf = (counts: Counts): { all: number; events: number } => {
  const writes = ours(counts).filter(({ verb }) => writeVerbs.has(verb));
  const sum = (some: Counts): number => some.reduce((total, { count }) => total + count, 0);
  return { all: sum(writes), events: sum(writes.filter(({ resource }) => resource.startsWith("events"))) };
};
