import type { CustomPrinterColumn, TablePrinter } from "../plugins.ts";
import { ageText } from "./age.ts";
import type { Cell } from "./column.ts";
import { compileJsonPath } from "./json-path.ts";

/**
 * How objects of a CustomResourceDefinition are printed: their name, then what its `additionalPrinterColumns` ask for
 * (without any, their age).
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#additional-printer-columns
 */
export function customPrinter(asked: readonly CustomPrinterColumn[]): TablePrinter {
  const wanted =
    asked.length > 0 ? asked : [{ name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" } as const];
  const columns = wanted.map((column) => ({ column, read: compileJsonPath(column.jsonPath) }));
  return {
    columns: [
      {
        name: "Name",
        type: "string",
        format: "name",
        description: "The name of the object, unique within a namespace.",
        priority: 0,
      },
      ...wanted.map(({ name, type, format = "", description = "", priority = 0 }: CustomPrinterColumn) => ({
        name,
        type,
        format,
        description: description === "" ? `Custom resource definition column (in JSONPath format)` : description,
        priority,
      })),
    ],
    cells: (object, now) => [
      object.metadata.name,
      ...columns.map(({ column, read }) => cellOf(column, read(object), now)),
    ],
  };
}

function cellOf({ type }: CustomPrinterColumn, values: readonly unknown[], now: Date): Cell {
  const [value] = values;
  if (value === undefined || value === null) return null;
  switch (type) {
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "date":
      return ageText(value, now);
    case "string":
      break;
  }
  return values.length === 1 ? text(value) : values.map(text).join(",");
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
