import type { LocalCluster, LocalNode } from "mantaray/testing";
import { silentLog } from "../../../packages/mantaray/src/base/log.ts";
import { gcsService } from "../../../packages/mantaray/src/protocol/gcs.ts";
import { createClient, dial } from "../../../packages/mantaray/src/rpc/index.ts";

/** What a control store says of itself. */
export interface StoreView {
  readonly node: LocalNode;
  readonly role: "leader" | "standby";
  readonly epoch: number;
  readonly storeAvailable: boolean;
}

/** Asks every head's control store, on a connection of its own; those that do not answer are left out. */
export const storeViews = async (cluster: LocalCluster, timeoutMs = 500): Promise<readonly StoreView[]> => {
  const views = await Promise.all(
    cluster.heads.map((node, index) => askStore(cluster, node, cluster.gcsAddresses[index] ?? "", timeoutMs)),
  );
  return views.filter((view) => view !== undefined);
};

/** The head that leads; undefined while none does. */
export const leaderOf = async (cluster: LocalCluster, timeoutMs?: number): Promise<StoreView | undefined> =>
  (await storeViews(cluster, timeoutMs))
    .filter(({ role }) => role === "leader")
    .toSorted((a, b) => b.epoch - a.epoch)[0];

const askStore = async (
  { token }: LocalCluster,
  node: LocalNode,
  address: string,
  timeoutMs: number,
): Promise<StoreView | undefined> => {
  try {
    const identity = { role: "test", id: "" } as const;
    const link = await dial(`tcp:${address}`, { token, identity, log: silentLog, timeoutMs });
    try {
      const { role, epoch, store } = await createClient(link, gcsService).ping({}, { timeoutMs });
      return { node, role, epoch, storeAvailable: store.available };
    } finally {
      link.close("done");
    }
  } catch {
    return undefined;
  }
};
