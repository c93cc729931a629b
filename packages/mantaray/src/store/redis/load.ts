import { actorRecordSchema } from "../../protocol/actor.ts";
import { clusterEventSchema } from "../../protocol/gcs.ts";
import { nodeRecordSchema } from "../../protocol/node.ts";
import { routingSnapshotSchema } from "../../protocol/routing.ts";
import type { StoredTables } from "../control-store.ts";
import type { KvEntry } from "../mutation.ts";
import type { RedisReply } from "./connection.ts";
import { redisLimits } from "./limits.ts";
import type { PrimaryConnection } from "./primary.ts";
import { decodeRecord, parseKvField, routingField } from "./records.ts";
import { sizesScript } from "./scripts.ts";

/** Reads all tables. Its caller holds the lease, so nobody writes meanwhile. */
export const loadTables = async ({ connection, keys }: PrimaryConnection): Promise<StoredTables> => {
  const nodes = await connection.command("HVALS", [keys.NODE]);
  const actors = await connection.command("HVALS", [keys.ACTOR]);
  const routing = await connection.command("HGET", [keys.ROUTING, routingField]);
  const events = await connection.command("LRANGE", [keys.EVENT, "0", "-1"]);
  return {
    nodes: buffers(nodes).map((bytes) => decodeRecord(nodeRecordSchema, bytes, keys.NODE)),
    actors: buffers(actors).map((bytes) => decodeRecord(actorRecordSchema, bytes, keys.ACTOR)),
    kv: await loadKv({ connection, keys }),
    routing: routing === null ? null : decodeRecord(routingSnapshotSchema, routing as Buffer, keys.ROUTING),
    events: buffers(events).map((bytes) => decodeRecord(clusterEventSchema, bytes, keys.EVENT)),
  };
};

const buffers = (reply: RedisReply): Buffer[] => reply as Buffer[];

/** Entries are as large as bundles: they come in replies of a bounded size. */
const loadKv = async ({ connection, keys }: PrimaryConnection): Promise<KvEntry[]> => {
  const sizes = (await connection.script(sizesScript, [keys.KV], [])) as (Buffer | number)[];
  const entries: KvEntry[] = [];
  for (const { fields, bytes } of batches(sizes)) {
    const values = (await connection.command("HMGET", [keys.KV, ...fields], bytes)) as (Buffer | null)[];
    for (const [index, field] of fields.entries()) {
      const value = values[index];
      if (value === undefined || value === null) continue;
      entries.push({ ...parseKvField(field.toString("utf8"), keys.KV), value: new Uint8Array(value) });
    }
  }
  return entries;
};

function* batches(sizes: readonly (Buffer | number)[]): Generator<{ fields: Buffer[]; bytes: number }> {
  let fields: Buffer[] = [];
  let bytes = 0;
  for (let index = 0; index + 1 < sizes.length; index += 2) {
    const size = Number(sizes[index + 1]);
    if (fields.length > 0 && bytes + size > redisLimits.loadBatchBytes) {
      yield { fields, bytes };
      fields = [];
      bytes = 0;
    }
    fields.push(sizes[index] as Buffer);
    bytes += size;
  }
  if (fields.length > 0) yield { fields, bytes };
}
