import { MantaError } from "../../base/errors.ts";
import { redisLimits } from "./limits.ts";

/** Tables of a namespace, in the order in which scripts get their keys. `LEASE` is the writer's, the rest is data. */
export const tableNames = ["LEASE", "NODE", "ACTOR", "KV", "ROUTING", "EVENT"] as const;
export type TableName = (typeof tableNames)[number];

/** The keys of a namespace. */
export type NamespaceKeys = Readonly<Record<TableName, string>>;

/**
 * `RAY<namespace>@<TABLE>`, as the reference lays its tables out. In a Redis Cluster the namespace stands in
 * braces, which puts all keys of a namespace into one slot: a script may only touch keys of one slot.
 */
export const namespaceKeys = (namespace: string, cluster: boolean): NamespaceKeys => {
  const tag = cluster ? `{${namespace}}` : namespace;
  return Object.fromEntries(tableNames.map((table) => [table, `RAY${tag}@${table}`])) as Record<TableName, string>;
};

/** What the keys of requests that run once add to a namespace, beside a record a key: an index and a sum. */
export const idempotencyKeys = ({
  LEASE,
}: NamespaceKeys): { readonly record: string; readonly index: string; readonly bytes: string } => {
  const prefix = `${LEASE.slice(0, LEASE.lastIndexOf("@"))}@IDEMPOTENCY`;
  return { record: `${prefix}:`, index: `${prefix}_INDEX`, bytes: `${prefix}_BYTES` };
};

/** The namespace when none is named, as in the reference. */
export const defaultNamespace = "default";

/** Checks a namespace: what would have a meaning in a key pattern or a hash tag is refused. `invalid_argument`. */
export const parseNamespace = (text: string): string => {
  if (text.length <= redisLimits.namespaceLengthMax && /^[\w.:/+-]+$/.test(text)) return text;
  throw new MantaError(
    "invalid_argument",
    `${namespaceVariable} must be 1 to ${redisLimits.namespaceLengthMax} letters, digits and _ - . : / +, got ${JSON.stringify(text)}`,
    { details: { option: namespaceVariable } },
  );
};

const namespaceVariable = "RAY_external_storage_namespace";
