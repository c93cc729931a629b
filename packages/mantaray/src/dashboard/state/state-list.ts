import { meetsFilters } from "./state-filter.ts";
import type { StateQuery } from "./state-query.ts";
import type { StateResource, StateRow } from "./state-row.ts";

/** The inner part of a State API answer. */
export interface StateList {
  /** In the cluster. */
  readonly total: number;
  /** That the source gave: all of them, here. */
  readonly num_after_truncation: number;
  /** That met the filters, before the limit. */
  readonly num_filtered: number;
  readonly result: readonly StateRow[];
  readonly partial_failure_warning: string;
  readonly warnings: readonly string[] | null;
}

/** Rows of the records that meet the query, sorted by id so that two answers compare. */
export const stateList = <Item>(
  resource: StateResource<Item>,
  items: readonly Item[],
  query: StateQuery,
): StateList => {
  const whole = (item: Item): StateRow => ({ ...resource.row(item), ...resource.detailRow(item) });
  const met = items
    .filter((item) => meetsFilters(whole(item), query.filters))
    .toSorted((left, right) => (resource.id(left) < resource.id(right) ? -1 : 1));
  const result = met.slice(0, query.limit).map((item) => (query.detail ? whole(item) : resource.row(item)));
  return {
    total: items.length,
    num_after_truncation: items.length,
    num_filtered: met.length,
    result,
    partial_failure_warning: "",
    warnings: null,
  };
};
