import type { ResourceDefinition, TablePrinter, Tables } from "../plugins.ts";
import { ageColumn, type Column, nameColumn, printerOf } from "./column.ts";
import { clusterColumns } from "./columns/cluster.ts";
import { networkColumns } from "./columns/network.ts";
import { podColumns, workloadColumns } from "./columns/workloads.ts";
import { customPrinter } from "./custom-columns.ts";

/**
 * How `kubectl get` prints: the columns of each built-in kind, those that a CustomResourceDefinition asks for, name and
 * age of all else. https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
 */
export function createTables(): Tables {
  const printers = new WeakMap<ResourceDefinition, TablePrinter>();
  return {
    printerOf: (definition) => {
      const known = printers.get(definition);
      if (known !== undefined) return known;
      const printer = makePrinter(definition);
      printers.set(definition, printer);
      return printer;
    },
  };
}

const builtinColumns: Readonly<Record<string, readonly Column[]>> = {
  pods: podColumns,
  ...workloadColumns,
  ...networkColumns,
  ...clusterColumns,
};

function makePrinter(definition: ResourceDefinition): TablePrinter {
  if (definition.custom) return customPrinter(definition.printerColumns ?? []);
  return printerOf(builtinColumns[definition.plural] ?? [nameColumn, ageColumn]);
}
