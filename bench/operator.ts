import { type LoadPhase, runOperatorLoad } from "./operator/operator-load.ts";
import type { BenchReport, BenchRow } from "./report.ts";

/** How large; all have defaults: 500 RayClusters of 10 pods. */
export interface OperatorBenchFlags {
  readonly clusters?: number;
  readonly pods?: number;
}

/** The operator is allowed 100 calls a second by default; with so many, its own speed shows. */
const qps = 5_000;

/**
 * RayClusters by the hundred on an API server, all created at once: time until they are ready, and what it costs the
 * operator and the server; then a pass over all of them while nothing changes, which must write nothing; then one pod
 * of each is deleted.
 */
export const runOperatorBench = async (flags: OperatorBenchFlags = {}): Promise<BenchReport> => {
  const { clusters = 500, pods = 10 } = flags;
  const load = await runOperatorLoad({ clusters, podsPerCluster: pods, qps, resyncSeconds: 20 });
  const { start, quiet, storm } = load;
  return {
    ratios: {
      "operator.writes_while_quiet": quiet.writes + quiet.eventWrites,
      "operator.writes_per_cluster": round(start.writes / clusters),
      "operator.status_writes_per_cluster": round(statusWrites(start) / clusters),
      "operator.passes_per_cluster": round(start.passes / clusters),
      "operator.ready_s": round(start.seconds),
      "operator.cpu_ms_per_pod": round((start.operatorCpuSeconds * 1_000) / (clusters * pods)),
      "operator.peak_rss_mb": Math.round(load.operatorPeakRssBytes / 1e6),
    },
    rows: [
      phaseRow("all created at once", start),
      phaseRow("nothing changes, one pass each", quiet),
      phaseRow("a pod of each deleted", storm),
      ...[...start.calls].map(([call, count]) => ({ call, count, "per cluster": round(count / clusters) })),
    ],
    notes: [
      `${clusters} RayClusters of ${pods} pods; the limit of calls a second is out of the way (${qps}; default 100)`,
      `API server: peak RSS ${Math.round(load.serverPeakRssBytes / 1e6)} MB`,
    ],
  };
};

const phaseRow = (phase: string, of: LoadPhase): BenchRow => {
  const calls = [...of.calls.values()].reduce((sum, count) => sum + count, 0);
  return {
    phase,
    seconds: round(of.seconds),
    "operator CPU s": round(of.operatorCpuSeconds),
    "server CPU s": round(of.serverCpuSeconds),
    passes: of.passes,
    calls,
    "calls a pass": round(calls / Math.max(1, of.passes)),
    writes: of.writes,
    events: of.eventWrites,
  };
};

const statusWrites = ({ calls }: LoadPhase): number => calls.get("update rayclusters.ray.io/status") ?? 0;

const round = (value: number): number => Math.round(value * 100) / 100;
