import type { GcsEvent } from "../../protocol/gcs.ts";
import { storeLimits } from "../../store/index.ts";
import type { Cluster } from "../cluster.ts";
import type { Topic } from "../pubsub/hub.ts";
import { bundleNamespace } from "../recovery/salvage.ts";
import { admit } from "./admission.ts";
import type { Methods } from "./methods.ts";

/** Key-value, routing and subscriptions. */
export const tableMethods = (
  cluster: Cluster,
): Methods<"kvPut" | "kvGet" | "kvDelete" | "kvKeys" | "putRouting" | "getRouting" | "subscribe"> => ({
  kvPut: async ({ namespace, key, value, overwrite }, { peer }) => {
    const admission = admit(cluster, peer, false);
    const added = cluster.kv.put(namespace, key, value, overwrite);
    await admission.acknowledged();
    return { added };
  },
  kvGet: async ({ namespace, key }) => {
    const value = cluster.kv.get(namespace, key);
    if (value !== undefined || namespace !== bundleNamespace) return { value: value ?? null };
    return { value: (await cluster.bundles.find(key)) ?? null };
  },
  kvDelete: async ({ namespace, key }, { peer }) => {
    const admission = admit(cluster, peer, false);
    const deleted = cluster.kv.delete(namespace, key);
    await admission.acknowledged();
    return { deleted };
  },
  kvKeys: ({ namespace, prefix }) => ({ keys: cluster.kv.keys(namespace, prefix) }),
  putRouting: async ({ snapshot }, { peer }) => {
    const admission = admit(cluster, peer, true);
    cluster.routing.put(snapshot);
    // Durable before any agent has it, while the store answers: a restarted control store is seldom behind its
    // agents, and takes theirs then.
    await admission.acknowledged();
    for (const session of cluster.sessions.all()) if (session.answered) session.pushRouting(snapshot);
    return {};
  },
  getRouting: async () => {
    await cluster.routingSalvage.settled();
    return { snapshot: cluster.routing.snapshot };
  },
  subscribe: ({ topics }, { signal }) => cluster.hub.subscribe(topics, () => presentState(cluster, topics), signal),
});

const presentState = (cluster: Cluster, topics: readonly Topic[]): GcsEvent[] => {
  const present: GcsEvent[] = [];
  if (topics.includes("nodes")) {
    for (const node of cluster.nodeTable.all()) present.push({ kind: "node", node });
  }
  if (topics.includes("actors")) {
    for (const actor of cluster.actorTable.all()) present.push({ kind: "actor", actor });
  }
  if (topics.includes("events")) {
    for (const event of cluster.events.newest(storeLimits.eventsMax)) present.push({ kind: "event", event });
  }
  return present;
};
