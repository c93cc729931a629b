import { writeFileSync } from "node:fs";

/** One line of a table: names and plain values. */
export type BenchRow = Readonly<Record<string, string | number | boolean>>;

/** What a bench found. */
export interface BenchReport {
  /** What goals are set on: names stay the same from one version to the next. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly rows: readonly BenchRow[];
  /** Words about the run: what was skipped, what to beware of. */
  readonly notes?: readonly string[];
}

/** Prints a report for people: ratios first, then rows, one table for each set of columns. */
export const printReport = (name: string, report: BenchReport, print: (line: string) => void): void => {
  print(`\n${name}`);
  const width = Math.max(0, ...Object.keys(report.ratios).map((ratio) => ratio.length));
  for (const [ratio, value] of Object.entries(report.ratios)) print(`  ${ratio.padEnd(width)}  ${format(value)}`);
  const tables = Map.groupBy(report.rows, (row) => Object.keys(row).join(" "));
  for (const rows of tables.values()) {
    print("");
    for (const line of tableOf(rows)) print(`  ${line}`);
  }
  for (const note of report.notes ?? []) print(`  ${note}`);
};

/** Writes reports as `{ "ratios": { … }, "rows": [ … ] }`; each row says which bench it is of. */
export const writeReports = (path: string, reports: ReadonlyMap<string, BenchReport>): void => {
  const ratios = Object.assign({}, ...[...reports.values()].map((report) => report.ratios)) as Record<string, number>;
  const rows = [...reports].flatMap(([bench, report]) => report.rows.map((row) => ({ bench, ...row })));
  const notes = [...reports.values()].flatMap((report) => report.notes ?? []);
  writeFileSync(path, `${JSON.stringify({ ratios, rows, notes }, undefined, 2)}\n`);
};

const tableOf = (rows: readonly BenchRow[]): string[] => {
  const columns = Object.keys(rows[0] ?? {});
  const cells = [columns, ...rows.map((row) => columns.map((column) => format(row[column] ?? "")))];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index]?.length ?? 0)));
  return cells.map((line, lineIndex) =>
    line
      .map((cell, index) => {
        const isText = lineIndex > 0 ? typeof rows[lineIndex - 1]?.[columns[index] ?? ""] === "string" : index === 0;
        return isText ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0);
      })
      .join("  ")
      .trimEnd(),
  );
};

const format = (value: string | number | boolean): string => {
  if (typeof value !== "number" || Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(Math.abs(value) >= 10 ? 1 : 3);
};
