import type { DeleteOptions } from "../../api/access.ts";
import { ApiError } from "../../api/api-error.ts";
import type { ListRequest } from "../engine/list.ts";
import type { WriteRequest } from "../engine/write-request.ts";
import { isObject } from "../json.ts";
import type { FieldValidation } from "../plugins.ts";
import type { ResourceContext } from "./context.ts";

const fieldManagerMax = 128;

/** What a list or watch selects. */
export const listOptionsOf = ({ info, namespace }: ResourceContext): ListRequest => {
  const { query } = info;
  const limit = Number(query.get("limit") ?? "0");
  const texts = Object.fromEntries(
    (["labelSelector", "fieldSelector", "continue", "resourceVersion", "resourceVersionMatch"] as const).flatMap(
      (field) => {
        const value = query.get(field);
        return value === null || value === "" ? [] : [[field, value]];
      },
    ),
  );
  return { ...texts, ...(namespace === undefined ? {} : { namespace }), ...(limit > 0 ? { limit } : {}) };
};

/** The circumstances of a write, from its query. Throws `ApiError` (BadRequest, Invalid). */
export const writeRequestOf = (context: ResourceContext, subresource?: "status" | "scale"): WriteRequest => {
  const { definition, namespace, user, request, info } = context;
  const { query } = info;
  const manager = query.get("fieldManager") ?? "";
  if (manager.length > fieldManagerMax) {
    throw new ApiError(
      "Invalid",
      `fieldManager: Invalid value: "${manager}": may not be longer than ${fieldManagerMax} characters`,
    );
  }
  return {
    definition,
    namespace,
    user,
    manager: manager === "" ? (request.headers["user-agent"] ?? "unknown").split("/", 1)[0] || "unknown" : manager,
    dryRun: isDryRun(query.getAll("dryRun")),
    fieldValidation: fieldValidationOf(query.get("fieldValidation")),
    subresource,
  };
};

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run */
export const isDryRun = (values: readonly unknown[]): boolean => {
  const given = values.filter((value) => value !== "");
  const wrong = given.find((value) => value !== "All");
  if (wrong !== undefined)
    throw new ApiError("Invalid", `dryRun: Unsupported value: ${JSON.stringify(wrong)}: supported values: "All"`);
  return given.length > 0;
};

const fieldValidationOf = (value: string | null): FieldValidation => {
  if (value === null || value === "") return "Warn";
  if (value === "Ignore" || value === "Warn" || value === "Strict") return value;
  throw new ApiError(
    "Invalid",
    `fieldValidation: Unsupported value: "${value}": supported values: "Ignore", "Strict", "Warn"`,
  );
};

/** How to delete: the body's `DeleteOptions`, or the query's. */
export const deleteOptionsOf = (query: URLSearchParams, body: unknown): DeleteOptions & { dryRun: boolean } => {
  const given = isObject(body) ? body : {};
  const grace =
    given["gracePeriodSeconds"] ??
    (query.has("gracePeriodSeconds") ? Number(query.get("gracePeriodSeconds")) : undefined);
  const policy =
    given["propagationPolicy"] ??
    query.get("propagationPolicy") ??
    orphanPolicy(given["orphanDependents"] ?? query.get("orphanDependents"));
  if (policy !== undefined && policy !== "Background" && policy !== "Foreground" && policy !== "Orphan") {
    throw new ApiError(
      "Invalid",
      `DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: ${JSON.stringify(policy)}: supported values: "Background", "Foreground", "Orphan"`,
    );
  }
  const preconditions = isObject(given["preconditions"]) ? given["preconditions"] : undefined;
  const dryRun = [...query.getAll("dryRun"), ...(Array.isArray(given["dryRun"]) ? (given["dryRun"] as unknown[]) : [])];
  return {
    ...(typeof grace === "number" ? { gracePeriodSeconds: grace } : {}),
    ...(policy === undefined ? {} : { propagationPolicy: policy }),
    ...(preconditions === undefined ? {} : { preconditions }),
    dryRun: isDryRun(dryRun),
  };
};

/** The old way to say it. */
const orphanPolicy = (orphan: unknown): "Orphan" | "Background" | undefined => {
  if (orphan === undefined || orphan === null) return undefined;
  return orphan === true || orphan === "true" ? "Orphan" : "Background";
};
