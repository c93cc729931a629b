import { Packr } from "msgpackr";
import type { z } from "zod";
import { MantaError } from "../../base/errors.ts";

// More types: bytes inside records come back as the Uint8Array they were.
const packr = new Packr({ useRecords: false, moreTypes: true });

/** The bytes of a record in Redis: MessagePack. */
export const encodeRecord = (record: object): Buffer => packr.pack(record);

/**
 * Reads a record back and checks it, since the data may be another program's or an older version's.
 * `invalid_config` names the key.
 */
export const decodeRecord = <S extends z.ZodType>(schema: S, bytes: Buffer, key: string): z.infer<S> => {
  try {
    return schema.parse(packr.unpack(bytes));
  } catch (error) {
    throw new MantaError(
      "invalid_config",
      `${key} in Redis holds data that is not this program's: choose another RAY_external_storage_namespace, or remove it with manta redis-cleanup`,
      { cause: error },
    );
  }
};

/** The one field of the routing table. */
export const routingField = "snapshot";

/** The field of an entry: the length makes the pair unambiguous whatever characters it holds. */
export const kvField = (namespace: string, key: string): string => `${namespace.length}:${namespace}${key}`;

/** The pair of a field; `invalid_config` when it is none. */
export const parseKvField = (field: string, table: string): { namespace: string; key: string } => {
  const colon = field.indexOf(":");
  const length = Number(field.slice(0, colon));
  const rest = field.slice(colon + 1);
  if (colon < 1 || !Number.isInteger(length) || length > rest.length) {
    throw new MantaError(
      "invalid_config",
      `${table} in Redis holds data that is not this program's: choose another RAY_external_storage_namespace`,
    );
  }
  return { namespace: rest.slice(0, length), key: rest.slice(length) };
};
