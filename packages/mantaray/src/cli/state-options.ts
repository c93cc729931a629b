import { type Command, InvalidArgumentError } from "commander";
import { cliLimits } from "./limits.ts";

/** Options that all State commands share. */
export interface StateOptions {
  readonly address?: string;
  /** s. */
  readonly timeout: number;
}

/** Adds `--address` and `--timeout`. */
export const withStateOptions = (command: Command): Command =>
  command
    .option("--address <url>", "API server (default: RAY_API_SERVER_ADDRESS, else http://127.0.0.1:8265)")
    .option("--timeout <seconds>", "give up after this long", positiveNumber, 30);

/** One `-f` option. */
export interface FilterOption {
  readonly key: string;
  readonly predicate: "=" | "!=";
  readonly value: string;
}

/** Adds `-f`, which may be given again; all must hold. */
export const withFilterOption = (command: Command): Command =>
  command.option(
    "-f, --filter <k=v>",
    'only entries with this value of a column, or without it ("k!=v"); repeat for more, all must hold',
    (text: string, before: readonly FilterOption[]) => [...before, parseFilter(text)],
    [],
  );

/** `k=v` or `k!=v`. Blanks around are not part of either. */
export const parseFilter = (text: string): FilterOption => {
  const match = /^([^=!]+?)(!=|=)(.*)$/s.exec(text.trim());
  const [, key, predicate, value] = match ?? [];
  if (key === undefined || value === undefined) {
    throw new InvalidArgumentError('It must look like "key=value" or "key!=value".');
  }
  return { key: key.trim(), predicate: predicate === "!=" ? "!=" : "=", value: value.trim() };
};

/** The triples that the State API takes. */
export const filterQuery = (filters: readonly FilterOption[]): URLSearchParams => {
  const query = new URLSearchParams();
  for (const { key, predicate, value } of filters) {
    query.append("filter_keys", key);
    query.append("filter_predicates", predicate);
    query.append("filter_values", value);
  }
  return query;
};

/** A whole number of rows. */
export const rowLimit = (text: string): number => {
  const limit = Number(text);
  if (!/^\d+$/.test(text) || limit < 1 || limit > cliLimits.rowsMax) {
    throw new InvalidArgumentError(`It must be a whole number of 1 to ${cliLimits.rowsMax}.`);
  }
  return limit;
};

/** A number above 0. */
export const positiveNumber = (text: string): number => {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value <= 0) throw new InvalidArgumentError("It must be a number above 0.");
  return value;
};
