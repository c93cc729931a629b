/** What a column may hold. */
export type StateCell = string | number | boolean | null | Readonly<Record<string, unknown>>;

/** One entry of a State API answer: snake-case columns in the reference's order. */
export type StateRow = Readonly<Record<string, StateCell>>;

/** How records of one resource become rows, and what a filter may name. */
export interface StateResource<Item> {
  /** Plural, as in the URL. */
  readonly name: string;
  /** The column that identifies a row. */
  readonly idColumn: string;
  /** Its value: rows are sorted by it. */
  id(item: Item): string;
  readonly filterColumns: readonly string[];
  row(item: Item): StateRow;
  /** Columns that only `detail` shows. */
  detailRow(item: Item): StateRow;
}
