/** What must hold, each measured in the run. `max`: the largest value counts; `sum`: all together; `min`: the smallest. */
const bars = {
  failed: { title: "failed requests of saveable classes", limit: 0, unit: "", of: "sum" },
  dishonest: {
    title: "failed requests of the other classes (neither answered nor refused with the reason)",
    limit: 0,
    unit: "",
    of: "sum",
  },
  refusedSaveable: { title: "saveable requests refused", limit: 0, unit: "", of: "sum" },
  twice: { title: "executed twice without being repeatable", limit: 0, unit: "", of: "sum" },
  unrepaired: { title: "faults after which the cluster did not become whole in time", limit: 0, unit: "", of: "sum" },
  routingSameNode: { title: "dead replica out of the routing table of its node", limit: 100, unit: "ms", of: "max" },
  routingOtherNode: {
    title: "dead replica out of the routing tables of other nodes",
    limit: 1_000,
    unit: "ms",
    of: "max",
  },
  storeBack: { title: "control store back after SIGKILL, in place", limit: 1_000, unit: "ms", of: "max" },
  failover: { title: "head failover to a standby, p99", limit: 5_000, unit: "ms", of: "p99" },
  storeResumed: { title: "Redis in use again, from its return", limit: 5_000, unit: "ms", of: "max" },
  partitionAvoided: {
    title: "node cut off: slowest saveable request",
    limit: 2_000,
    unit: "ms",
    of: "max",
  },
  twoOwners: { title: "actor names with two owners after a partition", limit: 0, unit: "", of: "sum" },
  failoverLatency: {
    title: "p99 of the open loop during a head failover, against before",
    limit: 1.2,
    unit: "×",
    of: "max",
  },
  headlessRepair: {
    title: "replica repaired while no head exists, beyond its own start",
    limit: 2_000,
    unit: "ms",
    of: "max",
  },
  restartedByHead: { title: "worker processes restarted by a head's death", limit: 0, unit: "", of: "sum" },
  notAdopted: { title: "worker processes not adopted by the new head", limit: 0, unit: "", of: "sum" },
  staleHead: { title: "head stopped and continued: leaders at the same time", limit: 1, unit: "", of: "max" },
  memory: {
    title: "control plane, live memory after warm-up: growth of the worst process",
    limit: 5,
    unit: "%",
    of: "max",
  },
  residentMemory: {
    title: "control plane, resident memory after warm-up: growth of the worst process",
    limit: 5,
    unit: "%",
    of: "max",
  },
  deaths: { title: "replica deaths of the soak", limit: 10_000, unit: "", of: "min" },
  redeploys: { title: "redeploys of the soak", limit: 1_000, unit: "", of: "min" },
  rate: { title: "requests per second", limit: 500, unit: "/s", of: "min" },
  sentEverywhere: { title: "requests sent in every row", limit: 1, unit: "", of: "min" },
} as const satisfies Record<string, Bar>;

interface Bar {
  readonly title: string;
  readonly limit: number;
  readonly unit: string;
  readonly of: "max" | "sum" | "min" | "p99";
}

export type BarId = keyof typeof bars;

/** One value that a bar is held against. */
export interface Measurement {
  readonly bar: BarId;
  readonly value: number;
}

/** A bar with what was measured. */
export interface BarResult {
  readonly name: string;
  readonly bar: string;
  readonly value: number;
  /** How many values. */
  readonly count: number;
  readonly ok: boolean;
}

const ofSoak: ReadonlySet<BarId> = new Set(["memory", "residentMemory", "deaths", "redeploys"]);

/** The bars that a round of every fault measures: all but the soak's. */
export const barsOfEveryFault: readonly string[] = (Object.keys(bars) as BarId[])
  .filter((id) => !ofSoak.has(id))
  .map((id) => bars[id].title);

/** Holds all values against their bars; those without a value are named apart. */
export const judge = (measured: readonly Measurement[]): { bars: BarResult[]; notMeasured: string[] } => {
  const results: BarResult[] = [];
  const notMeasured: string[] = [];
  for (const [id, bar] of Object.entries(bars) as [BarId, Bar][]) {
    const values = measured.filter((one) => one.bar === id).map((one) => one.value);
    if (values.length === 0) notMeasured.push(bar.title);
    else results.push(resultOf(bar, values));
  }
  return { bars: results, notMeasured };
};

const resultOf = (bar: Bar, values: readonly number[]): BarResult => {
  const raw = aggregates[bar.of](values);
  const value = Math.round(raw * 100) / 100;
  const atLeast = bar.of === "min";
  return {
    name: bar.title,
    bar: `${atLeast ? ">=" : "<="} ${bar.limit}${bar.unit === "" ? "" : ` ${bar.unit}`}`,
    value,
    count: values.length,
    // A value that is not a number is no value.
    ok: atLeast ? raw >= bar.limit : raw <= bar.limit,
  };
};

const aggregates: Readonly<Record<Bar["of"], (values: readonly number[]) => number>> = {
  max: (values) => Math.max(...values),
  min: (values) => Math.min(...values),
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  p99: (values) => values.toSorted((left, right) => left - right)[Math.ceil(values.length * 0.99) - 1] ?? Number.NaN,
};
