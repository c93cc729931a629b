import { httpVariants } from "./http-variants/index.ts";
import type { RunningVariant } from "./http-variants/variant.ts";
import type { LoadSnapshot } from "./load/load-counters.ts";
import { type LoadProcess, startLoadProcess } from "./load/load-process.ts";
import { cpuSeconds } from "./process-cpu.ts";
import type { BenchReport, BenchRow } from "./report.ts";

/** Options of the HTTP bench. */
export interface HttpBenchOptions {
  /** Default 3. */
  readonly rounds?: number;
  /** Measured time of one variant in one round; default 2 s. */
  readonly roundMs?: number;
  readonly warmUpMs?: number;
  readonly connections?: readonly number[];
  /** Default all. */
  readonly variants?: readonly string[];
  /** Request body; default the 20 bytes of every figure in the docs. */
  readonly bodyBytes?: number;
}

interface Sample {
  readonly okPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** CPU seconds for 10 000 requests. */
  readonly proxyCpu: number;
  readonly replicaCpu: number;
  readonly clientCpu: number;
  readonly failed: number;
}

/** The yardstick of all ratios. */
const baseline = "node-http";

/**
 * Variants in turn, round by round, so that whatever else the machine does hits all of them. Each variant's
 * row is the median of its rounds. Only the one that is measured has any load.
 */
export const runHttpBench = async (options: HttpBenchOptions = {}): Promise<BenchReport> => {
  const notes: string[] = [];
  const running = await startVariants(options.variants, notes);
  const load = startLoadProcess();
  const rows: BenchRow[] = [];
  const ratios: Record<string, number> = {};
  try {
    for (const connections of options.connections ?? [1, 4, 8, 16, 64]) {
      const samples = new Map<string, Sample[]>([...running.keys()].map((name) => [name, []]));
      for (let round = 0; round < (options.rounds ?? 3); round += 1) {
        for (const [name, variant] of running) {
          samples.get(name)?.push(await measure(load, variant, connections, options));
        }
      }
      const medians = new Map([...samples].map(([name, list]) => [name, medianOf(list)]));
      for (const [name, sample] of medians) rows.push(rowOf(name, connections, sample));
      Object.assign(ratios, ratiosOf(connections, medians));
    }
  } finally {
    await Promise.all([load.stop(), ...[...running.values()].map((variant) => variant.stop())]);
  }
  return { ratios, rows, notes };
};

const startVariants = async (
  only: readonly string[] | undefined,
  notes: string[],
): Promise<Map<string, RunningVariant>> => {
  const running = new Map<string, RunningVariant>();
  for (const [name, start] of Object.entries(httpVariants)) {
    if (only !== undefined && name !== baseline && !only.includes(name)) continue;
    const started = await start().catch((error: unknown) => ({ skipped: String(error) }));
    if ("skipped" in started) notes.push(`${name}: skipped: ${started.skipped}`);
    else running.set(name, started);
  }
  return running;
};

const measure = async (
  load: LoadProcess,
  variant: RunningVariant,
  connections: number,
  options: HttpBenchOptions,
): Promise<Sample> => {
  const groups = [variant.pids.proxy, variant.pids.replica, [load.pid]];
  let begin: readonly number[] = [];
  let end: readonly number[] = [];
  const result = await load.run({
    url: variant.url,
    connections,
    requests: [requestOf(options.bodyBytes ?? 20)],
    warmUpMs: options.warmUpMs ?? 500,
    durationMs: options.roundMs ?? 2_000,
    onBegin: () => {
      begin = groups.map(cpuSeconds);
    },
    onEnd: () => {
      end = groups.map(cpuSeconds);
    },
  });
  const [proxyCpu = 0, replicaCpu = 0, clientCpu = 0] = groups.map(
    (_, index) => (((end[index] ?? 0) - (begin[index] ?? 0)) / Math.max(1, result.ok)) * 10_000,
  );
  const { okPerSecond, p50Us, p99Us } = result;
  return { okPerSecond, p50Us, p99Us, proxyCpu, replicaCpu, clientCpu, failed: failuresOf(result) };
};

const failuresOf = (result: LoadSnapshot): number =>
  result.wrong +
  result.cut +
  result.timedOut +
  result.refused +
  Object.values(result.statuses).reduce((a, b) => a + b, 0);

/** A JSON array of one string, as long as asked. */
const requestOf = (
  bodyBytes: number,
): { name: string; method: string; path: string; headers: Record<string, string>; body: string } => ({
  name: "post",
  method: "POST",
  path: "/fruit/",
  headers: { "content-type": "application/json" },
  body: `["${"x".repeat(Math.max(0, bodyBytes - 4))}"]`,
});

const medianOf = (samples: readonly Sample[]): Sample => {
  const median = (key: keyof Sample): number =>
    samples.map((sample) => sample[key]).toSorted((a, b) => a - b)[Math.floor(samples.length / 2)] ?? 0;
  return {
    okPerSecond: median("okPerSecond"),
    p50Us: median("p50Us"),
    p99Us: median("p99Us"),
    proxyCpu: median("proxyCpu"),
    replicaCpu: median("replicaCpu"),
    clientCpu: median("clientCpu"),
    failed: samples.reduce((sum, sample) => sum + sample.failed, 0),
  };
};

const rowOf = (variant: string, connections: number, sample: Sample): BenchRow => ({
  variant,
  connections,
  "requests/s": Math.round(sample.okPerSecond),
  "p50 µs": sample.p50Us,
  "p99 µs": sample.p99Us,
  "proxy CPU-s/10k": round(sample.proxyCpu),
  "replica CPU-s/10k": round(sample.replicaCpu),
  "client CPU-s/10k": round(sample.clientCpu),
  failed: sample.failed,
});

/**
 * Against bare `node:http`. The names without a variant are those of `manta-1`, at 64 connections for rates and
 * CPU and at 1 for latency; everything else is under the variant's name and its connections.
 */
const ratiosOf = (connections: number, medians: ReadonlyMap<string, Sample>): Record<string, number> => {
  const ratios: Record<string, number> = {};
  const base = medians.get(baseline);
  if (base === undefined) return ratios;
  for (const [name, sample] of medians) {
    if (name === baseline) continue;
    const rps = round(sample.okPerSecond / base.okPerSecond);
    const cpu = round((sample.proxyCpu + sample.replicaCpu) / (base.proxyCpu + base.replicaCpu));
    const addedUs = round(sample.p50Us - base.p50Us);
    if (name === "manta-1" && connections === 64)
      Object.assign(ratios, { "http.rps.vs_node_http": rps, "http.cpu.vs_node_http": cpu });
    if (name === "manta-1" && connections === 1) ratios["http.p50_added_us"] = addedUs;
    ratios[`http.${name}.c${connections}.rps.vs_node_http`] = rps;
    ratios[`http.${name}.c${connections}.cpu.vs_node_http`] = cpu;
    ratios[`http.${name}.c${connections}.p50_added_us`] = addedUs;
  }
  return ratios;
};

const round = (value: number): number => Math.round(value * 1000) / 1000;
