import { classes } from "../traffic/classes.ts";
import type { BarResult } from "./bars.ts";
import type { Row } from "./rows.ts";

const columns: readonly (readonly [title: string, value: (row: Row) => number])[] = [
  ["sent", (row) => row.sent],
  ["ok", (row) => row.ok],
  ["saved", (row) => row.saved],
  ["refused", (row) => row.refused],
  ["failed", (row) => row.failed],
  ["cut", (row) => row.cut],
  ["twice", (row) => row.executedTwice],
  ["p50 ms", (row) => row.p50Ms],
  ["p99.9 ms", (row) => row.p999Ms],
  ["gap ms", (row) => row.longestGapMs],
];

/** A block a fault: what it is and how long the repair took, then a line a class. */
export const tableOf = (rows: readonly Row[]): string => {
  const nameWidth = Math.max(...rows.map((row) => row.traffic.length)) + 2;
  const cells = rows.map((row) => columns.map(([, value]) => String(Math.round(value(row) * 10) / 10)));
  const widths = columns.map(([title], index) =>
    Math.max(title.length, ...cells.map((line) => line[index]?.length ?? 0)),
  );
  const line = (name: string, values: readonly string[]): string =>
    `  ${name.padEnd(nameWidth)}${values.map((value, index) => value.padStart((widths[index] ?? 0) + 2)).join("")}`;
  const lines: string[] = [];
  for (const [index, row] of rows.entries()) {
    if (row.fault !== rows[index - 1]?.fault) {
      lines.push(
        "",
        `${row.fault}  (${row.times} ${row.times === 1 ? "time" : "times"}, recovery ms ${row.recoveryMs})`,
      );
      lines.push(
        line(
          "",
          columns.map(([title]) => title),
        ),
      );
    }
    lines.push(line(row.traffic, cells[index] ?? []));
  }
  return lines.join("\n");
};

const smallClasses = new Set(classes.filter(({ small }) => small).map(({ name }) => name));

/** The same for a document: a line a fault, all classes together; times are those of the small requests. */
export const markdownTableOf = (rows: readonly Row[]): string => {
  const faults = Map.groupBy(rows, (row) => row.fault);
  const titles = [
    "fault",
    "times",
    "sent",
    "ok",
    "saved",
    "refused",
    "failed",
    "cut",
    "twice",
    "p99.9 ms",
    "gap ms",
    "repair ms",
  ];
  const lines = [...faults].map(([fault, group]) => {
    const sum = (value: (row: Row) => number): number => group.reduce((total, row) => total + value(row), 0);
    const small = group.filter((row) => smallClasses.has(row.traffic));
    const worst = (value: (row: Row) => number): number => Math.round(Math.max(...small.map(value)));
    return [
      fault,
      group[0]?.times ?? 0,
      sum((row) => row.sent),
      sum((row) => row.ok),
      sum((row) => row.saved),
      sum((row) => row.refused),
      sum((row) => row.failed),
      sum((row) => row.cut),
      sum((row) => row.executedTwice),
      worst((row) => row.p999Ms),
      worst((row) => row.longestGapMs),
      group[0]?.recoveryMs ?? 0,
    ];
  });
  return [titles, titles.map((_, index) => (index === 0 ? "---" : "---:")), ...lines]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
};

/** A line a bar. */
export const barLines = (bars: readonly BarResult[]): string =>
  bars
    .map(({ ok, name, value, bar, count }) => `${ok ? "ok  " : "MISS"} ${name}: ${value} (bar ${bar}, n=${count})`)
    .join("\n");
