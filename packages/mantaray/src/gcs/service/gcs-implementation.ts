import { version } from "../../base/version.ts";
import type { GcsService } from "../../protocol/gcs.ts";
import type { Implementation } from "../../rpc/index.ts";
import type { Cluster } from "../cluster.ts";
import { actorMethods } from "./actor-methods.ts";
import { nodeMethods } from "./node-methods.ts";
import { tableMethods } from "./table-methods.ts";

/**
 * A leading control store as its callers see it: translates calls, implements nothing. A change is
 * acknowledged once the store has it.
 */
export const gcsImplementation = (cluster: Cluster): Implementation<GcsService> => ({
  ...nodeMethods(cluster),
  ...actorMethods(cluster),
  ...tableMethods(cluster),
  ping: () => {
    const { available, reason } = cluster.ledger.health;
    return {
      sessionName: cluster.sessionName,
      version,
      startMs: cluster.startMs,
      recovering: cluster.recovery.active,
      role: "leader",
      epoch: cluster.authority.epoch,
      leader: cluster.address,
      store: { available, reason },
    };
  },
});
