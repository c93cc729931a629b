import type { KubeObject } from "../../api/objects.ts";
import type { TableColumn, TablePrinter } from "../plugins.ts";
import { ageText } from "./age.ts";

/** What stands in a cell. */
export type Cell = string | number | boolean | null;

/** A column and how its cells come out of an object. */
export interface Column {
  readonly name: string;
  readonly read: (object: KubeObject, now: Date) => Cell;
  readonly type?: TableColumn["type"];
  readonly wide?: boolean;
}

/** A column. `wide` ones are shown by `-o wide` only. */
export function column(
  name: string,
  read: Column["read"],
  options: { type?: TableColumn["type"]; wide?: boolean } = {},
): Column {
  return { name, read, ...options };
}

/** The object's name: the first column of every table. */
export const nameColumn: Column = column("Name", ({ metadata }) => metadata.name);
/** How old the object is. */
export const ageColumn: Column = column("Age", ({ metadata }, now) => ageText(metadata.creationTimestamp, now));

/** A printer of columns. */
export function printerOf(columns: readonly Column[]): TablePrinter {
  return {
    columns: columns.map(({ name, type = "string", wide = false }) => ({
      name,
      type,
      format: name === "Name" ? "name" : "",
      description: descriptions[name] ?? `${name} of the object`,
      priority: wide ? 1 : 0,
    })),
    cells: (object, now) => columns.map(({ read }) => read(object, now)),
  };
}

const descriptions: Readonly<Record<string, string>> = {
  Name: "The name of the object, unique within a namespace.",
  Age: "How long ago the object was created.",
};
