import type { Clock } from "../base/clock.ts";
import type { StoredTables, TableMutation } from "../store/index.ts";
import { storeLimits } from "../store/index.ts";
import { KvTable } from "./kv/kv-table.ts";
import { EventLog } from "./pubsub/event-log.ts";
import { Hub } from "./pubsub/hub.ts";
import { RoutingTable } from "./routing/routing-table.ts";
import { ActorTable } from "./state/actor-table.ts";
import type { Ledger } from "./state/ledger.ts";
import { NodeTable } from "./state/node-table.ts";

/** The state of the control store: in memory, written through to the ledger, published by the hub. */
export interface Tables {
  readonly ledger: Ledger;
  readonly hub: Hub;
  readonly nodeTable: NodeTable;
  readonly actorTable: ActorTable;
  readonly routing: RoutingTable;
  readonly kv: KvTable;
  readonly events: EventLog;
}

/** Fills the tables with what was stored. */
export const openTables = (stored: StoredTables, ledger: Ledger, clock: Clock): Tables => {
  const hub = new Hub();
  const events = new EventLog(clock, ledger, (event) => hub.publish("events", { kind: "event", event }));
  const nodeTable = new NodeTable(ledger, (node) => hub.publish("nodes", { kind: "node", node }));
  const actorTable = new ActorTable(ledger, (actor) => hub.publish("actors", { kind: "actor", actor }));
  const routing = new RoutingTable(ledger);
  const kv = new KvTable(ledger);
  events.restore(stored.events);
  nodeTable.restore(stored.nodes);
  actorTable.restore(stored.actors);
  routing.restore(stored.routing);
  kv.restore(stored.kv);
  const tables = { ledger, hub, nodeTable, actorTable, routing, kv, events };
  ledger.useTables(() => everythingOf(tables));
  return tables;
};

/** All tables as mutations: values by their size, so that large ones come last. */
const everythingOf = ({ nodeTable, actorTable, routing, kv, events }: Tables): TableMutation[] => {
  const values = kv.entries().toSorted((a, b) => a.value.byteLength - b.value.byteLength);
  return [
    ...nodeTable.all().map((node): TableMutation => ({ kind: "putNodes", nodes: [node] })),
    ...[...actorTable.all()].map((actor): TableMutation => ({ kind: "putActors", actors: [actor] })),
    ...(routing.snapshot === null ? [] : [{ kind: "putRouting", snapshot: routing.snapshot } as const]),
    ...events.newest(storeLimits.eventsMax).map((event): TableMutation => ({ kind: "appendEvent", event })),
    ...values.map((entry): TableMutation => ({ kind: "putKv", ...entry })),
  ];
};
