import type { StateFilter } from "./state-query.ts";
import type { StateCell, StateRow } from "./state-row.ts";

/** Whether a row meets every filter. Values compare as text, without regard to case. */
export const meetsFilters = (row: StateRow, filters: readonly StateFilter[]): boolean =>
  filters.every(({ key, predicate, value }) => {
    const cell = row[key];
    return (cellText(cell) === valueText(value, typeof cell === "boolean")) === (predicate === "=");
  });

const cellText = (cell: StateCell | undefined): string => {
  if (cell === null || cell === undefined) return "";
  return typeof cell === "object" ? JSON.stringify(cell).toLowerCase() : String(cell).toLowerCase();
};

const valueText = (value: string, flag: boolean): string => {
  const text = value.toLowerCase();
  if (text === "none" || text === "null") return "";
  if (flag && (text === "1" || text === "0")) return text === "1" ? "true" : "false";
  return text;
};
