import { classes } from "../traffic/classes.ts";
import type { Cut, WindowReport } from "../traffic/report.ts";
import type { Measurement } from "./bars.ts";

/** What one fault did to one class of traffic, all its times together. */
export interface Row {
  readonly fault: string;
  readonly traffic: string;
  /** How often the fault was done. */
  readonly times: number;
  readonly sent: number;
  /** As it should be, at once or after a retry of ours. */
  readonly ok: number;
  /** Of `ok`: answered after another replica had failed with it. */
  readonly saved: number;
  /** 503 with the reason: a replica died with it, and it may not be repeated. */
  readonly refused: number;
  /** A wrong answer, an error, none in time, or a connection cut that nothing killed. */
  readonly failed: number;
  /** The connection ended in a process that the fault killed. */
  readonly cut: number;
  readonly executedTwice: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly longestGapMs: number;
  readonly recoveryMs: number;
}

/** What one fault did, once. */
export interface FaultWindow {
  readonly fault: string;
  readonly recoveryMs: number;
  readonly seen: WindowReport;
  /** Ids that ran more than once, by class. */
  readonly twice: Readonly<Record<string, number>>;
  /** Whether a cut is the fault's own doing. */
  readonly excused: (cut: Cut) => boolean;
}

/** A row a class. */
export const rowsOf = ({ fault, recoveryMs, seen, twice, excused }: FaultWindow): Row[] =>
  classes.map(({ name }) => {
    const report = seen.classes[name];
    const cut = seen.cuts.filter((one) => one.name === name && excused(one)).length;
    const ok = (report?.ok ?? 0) + (report?.saved ?? 0);
    return {
      fault,
      traffic: name,
      times: 1,
      sent: report?.sent ?? 0,
      ok,
      saved: report?.saved ?? 0,
      refused: report?.refused ?? 0,
      failed: (report?.failed ?? 0) + (report?.cut ?? 0) - cut,
      cut,
      executedTwice: twice[name] ?? 0,
      p50Ms: report?.p50Ms ?? 0,
      p99Ms: report?.p99Ms ?? 0,
      p999Ms: report?.p999Ms ?? 0,
      longestGapMs: report?.longestGapMs ?? 0,
      recoveryMs,
    };
  });

/** Rows of the same fault and class become one: counts add up, of times the worst stays. */
export const mergeRows = (rows: readonly Row[]): Row[] => {
  const merged = new Map<string, Row>();
  for (const row of rows) {
    const key = `${row.fault}\0${row.traffic}`;
    const known = merged.get(key);
    merged.set(key, known === undefined ? row : both(known, row));
  }
  return [...merged.values()];
};

const both = (left: Row, right: Row): Row => ({
  fault: left.fault,
  traffic: left.traffic,
  times: left.times + right.times,
  sent: left.sent + right.sent,
  ok: left.ok + right.ok,
  saved: left.saved + right.saved,
  refused: left.refused + right.refused,
  failed: left.failed + right.failed,
  cut: left.cut + right.cut,
  executedTwice: left.executedTwice + right.executedTwice,
  p50Ms: Math.max(left.p50Ms, right.p50Ms),
  p99Ms: Math.max(left.p99Ms, right.p99Ms),
  p999Ms: Math.max(left.p999Ms, right.p999Ms),
  longestGapMs: Math.max(left.longestGapMs, right.longestGapMs),
  recoveryMs: Math.max(left.recoveryMs, right.recoveryMs),
});

/** What every run is held to, whatever its faults. */
export const measurementsOf = (rows: readonly Row[]): Measurement[] => {
  const saveable = new Set(classes.filter((kind) => kind.saveable).map((kind) => kind.name));
  const once = new Set(classes.filter((kind) => kind.once).map((kind) => kind.name));
  const sum = (chosen: (row: Row) => boolean, value: (row: Row) => number): number =>
    rows.filter(chosen).reduce((total, row) => total + value(row), 0);
  const isSaveable = (row: Row): boolean => saveable.has(row.traffic);
  return [
    { bar: "failed", value: sum(isSaveable, (row) => row.failed) },
    {
      bar: "dishonest",
      value: sum(
        (row) => !isSaveable(row),
        (row) => row.failed,
      ),
    },
    { bar: "refusedSaveable", value: sum(isSaveable, (row) => row.refused) },
    {
      bar: "twice",
      value: sum(
        (row) => once.has(row.traffic),
        (row) => row.executedTwice,
      ),
    },
    { bar: "sentEverywhere", value: rows.length === 0 ? 0 : Math.min(...rows.map((row) => row.sent)) },
  ];
};
