import type { LoadSnapshot, OutcomeCounts } from "../../bench/load/load-counters.ts";
import { outcomes, traffic } from "./traffic.ts";
import type { Check } from "./types.ts";

/** What one fault did to one class of traffic. */
export interface Row {
  readonly fault: string;
  readonly traffic: string;
  readonly sent: number;
  readonly ok: number;
  /** Of `ok`: answered after another replica had failed with it. */
  readonly retriedOk: number;
  /** No answer, a wrong one, or an error that was no honest refusal. */
  readonly failed: number;
  /** The connection ended before the answer, in a proxy that was killed. */
  readonly cut: number;
  /** Refused with the reason: may have run, may not be repeated. */
  readonly unsaveable: number;
  readonly longestGapMs: number;
  readonly recoveryMs: number;
}

/** Rows of one fault, from what the load saw while it lasted. */
export const rowsOf = (fault: string, killsProxy: boolean, seen: LoadSnapshot, recoveryMs: number): Row[] =>
  traffic.map(({ name }) =>
    rowOf(
      { fault, traffic: name, longestGapMs: Math.round(seen.longestGapMs), recoveryMs },
      seen.requests[name],
      killsProxy,
    ),
  );

const rowOf = (
  row: Pick<Row, "fault" | "traffic" | "longestGapMs" | "recoveryMs">,
  counts: OutcomeCounts | undefined,
  killsProxy: boolean,
): Row => {
  const unsaveable = counts?.classes[outcomes.unsaveable] ?? 0;
  const errors = Object.values(counts?.statuses ?? {}).reduce((sum, count) => sum + count, 0) - unsaveable;
  const cut = counts?.cut ?? 0;
  return {
    ...row,
    sent: counts?.sent ?? 0,
    ok: counts?.ok ?? 0,
    retriedOk: counts?.classes[outcomes.retried] ?? 0,
    // Only a killed proxy excuses a cut connection.
    failed: errors + (counts?.wrong ?? 0) + (counts?.timedOut ?? 0) + (killsProxy ? 0 : cut),
    cut,
    unsaveable,
  };
};

/** The bars that every run must meet, beside those of its steps. */
export const barsOf = (rows: readonly Row[], okPerSecond: number, rateMin: number): Check[] => {
  const sum = (key: "failed" | "sent" | "ok" | "cut" | "unsaveable"): number =>
    rows.reduce((total, row) => total + row[key], 0);
  const repeatable = new Set(traffic.filter((kind) => kind.repeatable).map((kind) => kind.name));
  const refused = rows.filter((row) => repeatable.has(row.traffic)).reduce((total, row) => total + row.unsaveable, 0);
  return [
    { name: "failed requests, all classes and faults", bar: "0", value: sum("failed"), ok: sum("failed") === 0 },
    { name: "repeatable requests refused", bar: "0", value: refused, ok: refused === 0 },
    { name: "requests per second", bar: `>= ${rateMin}`, value: Math.round(okPerSecond), ok: okPerSecond >= rateMin },
    {
      name: "requests sent in every row",
      bar: "> 0",
      value: Math.min(...rows.map((row) => row.sent)),
      ok: rows.every((row) => row.sent > 0),
    },
  ];
};

/** The table on screen. */
export const tableOf = (rows: readonly Row[]): string => {
  const header = ["fault", "traffic", "sent", "ok", "retried", "failed", "cut", "unsaveable", "gap ms", "recovery ms"];
  const lines = rows.map((row) =>
    [
      row.fault,
      row.traffic,
      row.sent,
      row.ok,
      row.retriedOk,
      row.failed,
      row.cut,
      row.unsaveable,
      row.longestGapMs,
      row.recoveryMs,
    ].map(String),
  );
  const widths = header.map((title, index) => Math.max(title.length, ...lines.map((line) => line[index]?.length ?? 0)));
  return [header, ...lines]
    .map((line) =>
      line
        .map((cell, index) => (index < 2 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0)))
        .join("  "),
    )
    .join("\n");
};
