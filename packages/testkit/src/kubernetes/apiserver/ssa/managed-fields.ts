import { isObject } from "../json.ts";
import { FieldSet } from "./field-set.ts";
import { fromFieldsV1, toFieldsV1 } from "./fields-v1.ts";
import { limits } from "./limits.ts";

/** Who owns which fields. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/#System */
export interface FieldManager {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  /** RFC 3339. */
  readonly time: string | undefined;
  readonly subresource: string;
  readonly fields: FieldSet;
}

/** What `metadata.managedFields` tells; entries that are none are left out. */
export function readManagedFields(entries: unknown): FieldManager[] {
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry: unknown): FieldManager[] => {
    if (!isObject(entry) || (entry["operation"] !== "Apply" && entry["operation"] !== "Update")) return [];
    return [
      {
        manager: text(entry["manager"]),
        operation: entry["operation"],
        apiVersion: text(entry["apiVersion"]),
        time: typeof entry["time"] === "string" ? entry["time"] : undefined,
        subresource: text(entry["subresource"]),
        fields: fromFieldsV1(entry["fieldsV1"]),
      },
    ];
  });
}

/** As `metadata.managedFields` has them: appliers first, then by time. Managers without fields are left out. */
export function writeManagedFields(managers: readonly FieldManager[]): unknown[] {
  return bounded(managers.filter(({ fields }) => !fields.isEmpty))
    .toSorted(
      (a, b) =>
        order(a.operation, b.operation) ||
        order(a.time ?? "", b.time ?? "") ||
        order(a.manager, b.manager) ||
        order(a.subresource, b.subresource),
    )
    .map(({ manager, operation, apiVersion, time, subresource, fields }) => ({
      manager,
      operation,
      apiVersion,
      ...(time === undefined ? {} : { time }),
      fieldsType: "FieldsV1",
      fieldsV1: toFieldsV1(fields),
      ...(subresource === "" ? {} : { subresource }),
    }));
}

/** Whether two entries are about the same manager: appliers are so in every version. */
export function sameManager(a: FieldManager, b: Omit<FieldManager, "fields" | "time">): boolean {
  if (a.manager !== b.manager || a.operation !== b.operation || a.subresource !== b.subresource) return false;
  return a.operation === "Apply" || a.apiVersion === b.apiVersion;
}

/** The oldest updaters beyond the limit become one, «ancient-changes», as the API server has it. */
function bounded(managers: readonly FieldManager[]): readonly FieldManager[] {
  const updaters = managers.filter(({ operation }) => operation === "Update");
  if (updaters.length <= limits.updatersMax) return managers;
  const oldest = updaters
    .toSorted((a, b) => order(a.time ?? "", b.time ?? ""))
    .slice(0, updaters.length - limits.updatersMax + 1);
  const [first] = oldest;
  if (first === undefined) return managers;
  const fields = oldest.reduce((all, entry) => all.union(entry.fields), FieldSet.empty);
  return [
    ...managers.filter((entry) => !oldest.includes(entry)),
    { ...first, manager: "ancient-changes", time: oldest.at(-1)?.time, subresource: "", fields },
  ];
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
