import type { KubeObject } from "../../api/objects.ts";
import type { TablePrinter } from "../plugins.ts";

/** What a table carries of each object. */
export type IncludeObject = "None" | "Metadata" | "Object";

/** `PartialObjectMetadata` of an object. */
export const partialMetadata = ({ metadata }: KubeObject): KubeObject => ({
  kind: "PartialObjectMetadata",
  apiVersion: "meta.k8s.io/v1",
  metadata,
});

/** A `Table`. https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables */
export const tableOf = (
  printer: TablePrinter,
  objects: readonly KubeObject[],
  options: {
    readonly metadata: object;
    readonly include: IncludeObject;
    readonly now: Date;
    readonly withColumns?: boolean;
  },
): object => ({
  kind: "Table",
  apiVersion: "meta.k8s.io/v1",
  metadata: options.metadata,
  columnDefinitions: options.withColumns === false ? [] : printer.columns,
  rows: objects.map((object) => ({
    cells: printer.cells(object, options.now),
    object: options.include === "None" ? null : options.include === "Object" ? object : partialMetadata(object),
  })),
});

/** The query's `includeObject`. */
export const includeOf = (query: URLSearchParams): IncludeObject => {
  const include = query.get("includeObject");
  return include === "None" || include === "Object" ? include : "Metadata";
};
