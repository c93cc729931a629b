import type { GcsService } from "../../protocol/gcs.ts";
import type { Client } from "../../rpc/index.ts";
import type { ClusterStatus } from "./cluster-status.ts";

/** What a status report needs, asked of the control store at once. */
export const fetchClusterStatus = async (gcs: Client<GcsService>, timeoutMs: number): Promise<ClusterStatus> => {
  const [{ nodes }, { actors }, { usage, pending }] = await Promise.all([
    gcs.listNodes({}, { timeoutMs }),
    gcs.listActors({}, { timeoutMs }),
    gcs.resourceUsage({}, { timeoutMs }),
  ]);
  return { nodes, actors, usage, pending };
};
