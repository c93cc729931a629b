import { type ClusterStatus, clusterStatusText, clusterTotals, fetchClusterStatus } from "../../actor/index.ts";
import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import { localTimestamp } from "../../base/local-timestamp.ts";
import type { ControlPlane } from "../control-plane.ts";
import { envelopeReply, failedEnvelopeReply, type Reply, restStatus } from "../http/reply.ts";
import type { Route } from "../http/router.ts";
import { dashboardLimits } from "../limits.ts";
import { demandsOf, nodeLoads } from "../state/cluster-load.ts";

/** What `status` prints, for other tools (reference, section 2.5). */
export const clusterStatusRoutes = (controlPlane: ControlPlane, clock: Clock): readonly Route[] => [
  {
    method: "GET",
    path: "/api/cluster_status",
    handler: async (request) => {
      try {
        return await clusterStatus(controlPlane, clock, request.query.get("format") === "1");
      } catch (thrown) {
        const error = MantaError.from(thrown);
        return failedEnvelopeReply(restStatus(error), error.rawMessage);
      }
    },
  },
];

const clusterStatus = async (controlPlane: ControlPlane, clock: Clock, formatted: boolean): Promise<Reply> => {
  const status = await fetchClusterStatus(await controlPlane.gcs(), dashboardLimits.gcsCallTimeoutMs);
  const nowMs = clock.wallMs();
  const text = clusterStatusText(status, {
    timestamp: localTimestamp(nowMs),
    nowMs,
    verbose: true,
  });
  if (formatted) return envelopeReply("Got formatted cluster status.", { clusterStatus: text });
  const { total, used } = clusterTotals(status);
  const usage = Object.fromEntries(Object.keys(total).map((name) => [name, [used[name] ?? 0, total[name] ?? 0]]));
  return envelopeReply("Got cluster status.", {
    autoscalingStatus: text,
    autoscalingError: null,
    clusterStatus: {
      loadMetricsReport: { usage, resourceDemand: status.pending },
      nodes: [...nodeLoads(status.nodes, status.actors, status.usage), ...deadNodes(status)],
      demands: demandsOf(status.actors),
    },
  });
};

const deadNodes = ({ nodes }: ClusterStatus): readonly object[] =>
  nodes.flatMap(({ nodeId, ip, state }) => (state === "DEAD" ? [{ nodeId, ip, state }] : []));
