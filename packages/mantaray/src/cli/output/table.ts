/** A cell of a table. */
export type Cell = string | number | boolean | null | undefined;

/** A table to print. */
export interface Table {
  /** Printed as they are: upper case by convention. */
  readonly headers: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** How the row numbers stand in their column. */
  readonly indexAlign: "left" | "right";
}

/** Blanks between columns. */
const gap = "  ";
/** A column is at least this much wider than its header, as the reference's tables are. */
const headerPadding = 2;

/**
 * A table without lines, in the reference's layout: row numbers first, columns of numbers right-aligned,
 * no blanks at the ends of lines. A cell may have several lines.
 */
export const formatTable = (table: Table): string => {
  const columns = [
    column(
      "",
      table.rows.map((_, index) => index),
      table.indexAlign === "right",
    ),
    ...table.headers.map((header, at) => {
      const cells = table.rows.map((row) => row[at]);
      return column(header, cells, isNumeric(cells));
    }),
  ];
  const lines = [columns.map(({ header, width, right }) => pad(header, width, right)).join(gap)];
  for (let row = 0; row < table.rows.length; row += 1) {
    const height = Math.max(...columns.map(({ cells }) => cells[row]?.length ?? 1));
    for (let line = 0; line < height; line += 1) {
      lines.push(columns.map(({ cells, width, right }) => pad(cells[row]?.[line] ?? "", width, right)).join(gap));
    }
  }
  return lines.map((line) => line.trimEnd()).join("\n");
};

interface Column {
  readonly header: string;
  /** Lines of each cell. */
  readonly cells: readonly (readonly string[])[];
  readonly width: number;
  readonly right: boolean;
}

const column = (header: string, cells: readonly Cell[], right: boolean): Column => {
  const lines = cells.map((cell) => cellText(cell).split("\n"));
  const width = Math.max(header.length + headerPadding, ...lines.flat().map((line) => line.length));
  return { header, cells: lines, width, right };
};

const isNumeric = (cells: readonly Cell[]): boolean => {
  const filled = cells.filter((cell) => cell !== null && cell !== undefined && cell !== "");
  return (
    filled.length > 0 && filled.every((cell) => typeof cell === "number" || /^-?\d+(\.\d+)?$/.test(cellText(cell)))
  );
};

const cellText = (cell: Cell): string => {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "boolean") return cell ? "True" : "False";
  return String(cell);
};

const pad = (text: string, width: number, right: boolean): string =>
  right ? text.padStart(width) : text.padEnd(width);
