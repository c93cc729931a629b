import { ApiError } from "../../api/api-error.ts";
import type { FieldManager } from "./managed-fields.ts";

/**
 * The refusal of an apply that would change what others own; each manager comes with the fields in question. Texts as
 * the API server's, which clients print. https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
 */
export function conflictError(conflicts: readonly FieldManager[]): ApiError {
  const named = conflicts.map((entry) => ({ who: nameOf(entry), paths: [...entry.fields.paths()] }));
  const causes = named.flatMap(({ who, paths }) =>
    paths.map((field) => ({ reason: "FieldManagerConflict", message: `conflict with ${who}`, field })),
  );
  return new ApiError("Conflict", messageOf(named, causes.length), { causes });
}

function messageOf(named: readonly { who: string; paths: readonly string[] }[], count: number): string {
  const [first] = named;
  if (count === 1 && first !== undefined)
    return `Apply failed with 1 conflict: conflict with ${first.who}: ${first.paths[0]}`;
  const sorted = named.toSorted((a, b) => (a.who < b.who ? -1 : 1));
  const lines = sorted.flatMap(({ who, paths }) => [`conflicts with ${who}:`, ...paths.map((path) => `- ${path}`)]);
  return `Apply failed with ${count} conflicts: ${lines.join("\n")}`;
}

function nameOf({ manager, operation, apiVersion, subresource }: FieldManager): string {
  const name = JSON.stringify(manager) + (subresource === "" ? "" : ` with subresource ${JSON.stringify(subresource)}`);
  return operation === "Update" ? `${name} using ${apiVersion}` : name;
}
