import { MantaError } from "../../base/errors.ts";
import { dashboardLimits } from "../limits.ts";

/** One condition; all of a query must hold. */
export interface StateFilter {
  readonly key: string;
  readonly predicate: "=" | "!=";
  readonly value: string;
}

/** Options of a State API query (reference, section 2.4). */
export interface StateQuery {
  readonly limit: number;
  readonly timeoutMs: number;
  readonly detail: boolean;
  readonly filters: readonly StateFilter[];
}

/** The query of a URL; `invalid_argument` names the parameter and its rule. */
export const parseStateQuery = (query: URLSearchParams, filterColumns: readonly string[]): StateQuery => ({
  limit: parseLimit(query.get("limit")),
  timeoutMs: parseTimeoutMs(query.get("timeout")),
  detail: parseFlag("detail", query.get("detail")),
  filters: parseFilters(query, filterColumns),
});

const parseLimit = (text: string | null): number => {
  if (text === null) return dashboardLimits.stateRowsDefault;
  const limit = Number(text);
  if (!/^\d+$/.test(text) || limit < 1 || limit > dashboardLimits.stateRowsMax) {
    throw new MantaError(
      "invalid_argument",
      `limit must be a whole number of 1 to ${dashboardLimits.stateRowsMax}, got ${JSON.stringify(text)}`,
    );
  }
  return limit;
};

const parseTimeoutMs = (text: string | null): number => {
  if (text === null) return dashboardLimits.stateTimeoutDefaultS * 1000;
  const seconds = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || seconds <= 0) {
    throw new MantaError("invalid_argument", `timeout must be seconds above 0, got ${JSON.stringify(text)}`);
  }
  return Math.min(seconds, dashboardLimits.stateTimeoutMaxS) * 1000;
};

const parseFlag = (name: string, text: string | null): boolean => {
  const value = text?.toLowerCase() ?? "false";
  if (value === "true" || value === "1") return true;
  if (value === "false" || value === "0" || value === "") return false;
  throw new MantaError("invalid_argument", `${name} must be true or false, got ${JSON.stringify(text)}`);
};

/** The three lists are read in parallel: the first key belongs to the first predicate and value. */
const parseFilters = (query: URLSearchParams, filterColumns: readonly string[]): readonly StateFilter[] => {
  const keys = query.getAll("filter_keys");
  const predicates = query.getAll("filter_predicates");
  const values = query.getAll("filter_values");
  if (keys.length !== predicates.length || keys.length !== values.length) {
    throw new MantaError(
      "invalid_argument",
      `filter_keys, filter_predicates and filter_values must be as many, got ${keys.length}, ${predicates.length} and ${values.length}`,
    );
  }
  if (keys.length > dashboardLimits.stateFiltersMax) {
    throw new MantaError("invalid_argument", `at most ${dashboardLimits.stateFiltersMax} filters, got ${keys.length}`);
  }
  return keys.map((key, index) => {
    const predicate = predicates[index];
    if (predicate !== "=" && predicate !== "!=") {
      throw new MantaError("invalid_argument", `filter_predicates must be = or !=, got ${JSON.stringify(predicate)}`);
    }
    if (!filterColumns.includes(key)) {
      throw new MantaError(
        "invalid_argument",
        `cannot filter by ${JSON.stringify(key)}; columns are ${filterColumns.join(", ")}`,
      );
    }
    return { key, predicate, value: values[index] ?? "" };
  });
};
