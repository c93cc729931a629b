import { type Cell, formatTable } from "./table.ts";

/** A row of the State API. */
export type StateRow = Readonly<Record<string, unknown>>;

const listRule = "-".repeat(30);
const summaryRule = "-".repeat(36);

/** The table of `list`, line for line in the reference's layout. */
export const listText = (rows: readonly StateRow[], timestamp: string): string => {
  const [first] = rows;
  if (first === undefined) return "No resource in the cluster\n";
  const columns = Object.keys(first);
  const table = formatTable({
    headers: columns.map((column) => column.toUpperCase()),
    rows: rows.map((row) => columns.map((column) => cell(row[column]))),
    indexAlign: "right",
  });
  return [
    "",
    `======== List: ${timestamp} ========`,
    "Stats:",
    listRule,
    `Total: ${rows.length}`,
    "",
    "Table:",
    listRule,
    table,
    "",
    "",
  ].join("\n");
};

/** Actors of one class by state. */
export interface ClassCounts {
  readonly class_name: string;
  readonly state_counts: Readonly<Record<string, number>>;
}

/** The report of `summary actors`, line for line in the reference's layout. */
export const actorSummaryText = (classes: readonly ClassCounts[], totalActors: number, timestamp: string): string =>
  [
    "",
    `======== Actors Summary: ${timestamp} ========`,
    "Stats:",
    summaryRule,
    `total_actors: ${totalActors}`,
    "",
    "",
    "Table (group by class):",
    summaryRule,
    formatTable({
      headers: ["CLASS_NAME", "STATE_COUNTS"],
      rows: classes.map(({ class_name, state_counts }) => [class_name, countsText(state_counts)]),
      indexAlign: "left",
    }),
    "",
    "",
  ].join("\n");

const countsText = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([state, count]) => `${state}: ${count}`)
    .join(", ");

const cell = (value: unknown): Cell => {
  if (typeof value === "object" && value !== null) {
    return Object.entries(value)
      .map(([key, item]) => `${key}: ${typeof item === "number" ? decimal(item) : String(item)}`)
      .join("\n");
  }
  return value as Cell;
};

/** Amounts show at least one decimal. */
const decimal = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : String(value));
