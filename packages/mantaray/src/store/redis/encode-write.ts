import { type TableMutation } from "../mutation.ts";
import type { RedisArgument } from "./connection.ts";
import { encodeRecord, kvField, routingField } from "./records.ts";

/** The operations of a write as the script takes them, and their size. */
export interface EncodedWrite {
  readonly args: readonly RedisArgument[];
  readonly bytes: number;
}

/** Numbers of the tables in the script's KEYS. */
const table = { NODE: "2", ACTOR: "3", KV: "4", ROUTING: "5" } as const;

/** Encodes mutations in their order. */
export const encodeWrite = (mutations: readonly TableMutation[]): EncodedWrite => {
  const args: RedisArgument[] = [];
  for (const mutation of mutations) encodeMutation(mutation, args);
  return { args, bytes: args.reduce((sum, arg) => sum + arg.length, 0) };
};

const encodeMutation = (mutation: TableMutation, args: RedisArgument[]): void => {
  switch (mutation.kind) {
    case "reset":
      args.push("r");
      return;
    case "putNodes":
      for (const node of mutation.nodes) args.push("s", table.NODE, node.nodeId, encodeRecord(node));
      return;
    case "deleteNodes":
      for (const nodeId of mutation.nodeIds) args.push("d", table.NODE, nodeId);
      return;
    case "putActors":
      for (const actor of mutation.actors) args.push("s", table.ACTOR, actor.actorId, encodeRecord(actor));
      return;
    case "deleteActors":
      for (const actorId of mutation.actorIds) args.push("d", table.ACTOR, actorId);
      return;
    case "putKv": {
      const { buffer, byteOffset, byteLength } = mutation.value;
      args.push("s", table.KV, kvField(mutation.namespace, mutation.key), Buffer.from(buffer, byteOffset, byteLength));
      return;
    }
    case "deleteKv":
      args.push("d", table.KV, kvField(mutation.namespace, mutation.key));
      return;
    case "putRouting":
      args.push("s", table.ROUTING, routingField, encodeRecord(mutation.snapshot));
      return;
    case "appendEvent":
      args.push("e", encodeRecord(mutation.event));
      return;
  }
};
