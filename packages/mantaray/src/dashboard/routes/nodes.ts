import { formatUsage } from "../../actor/index.ts";
import { MantaError } from "../../base/errors.ts";
import type { NodeRecord } from "../../protocol/node.ts";
import type { ControlPlane } from "../control-plane.ts";
import { envelopeReply, failedEnvelopeReply, type Reply, restStatus } from "../http/reply.ts";
import type { Route } from "../http/router.ts";
import { dashboardLimits } from "../limits.ts";

/** Nodes in the camel-case dialect of the reference's own web page (reference, section 2.5). */
export const nodeRoutes = (controlPlane: ControlPlane): readonly Route[] => [
  { method: "GET", path: "/nodes", handler: (request) => enveloped(() => list(controlPlane, request.query)) },
  {
    method: "GET",
    path: "/nodes/{id}",
    handler: (request) => enveloped(() => detail(controlPlane, request.params.id ?? "")),
  },
];

const callOptions = { timeoutMs: dashboardLimits.gcsCallTimeoutMs };

const list = async (controlPlane: ControlPlane, query: URLSearchParams): Promise<Reply> => {
  const view = query.get("view");
  const gcs = await controlPlane.gcs();
  if (view?.toLowerCase() === "hostnamelist") {
    const { nodes } = await gcs.listNodes({}, callOptions);
    const hostNameList = nodes.filter((node) => node.state === "ALIVE").map((node) => node.name);
    return envelopeReply("Node hostname list fetched.", { hostNameList });
  }
  if (view !== "summary") {
    throw new MantaError("invalid_argument", `view must be "summary" or "hostnamelist", got ${JSON.stringify(view)}`);
  }
  const [{ nodes }, { usage }] = await Promise.all([
    gcs.listNodes({}, callOptions),
    gcs.resourceUsage({}, callOptions),
  ]);
  const nodeLogicalResources = Object.fromEntries(
    nodes
      .filter((node) => node.state === "ALIVE")
      .map((node) => [node.nodeId, formatUsage(node.resources, usage[node.nodeId] ?? {}).join("\n")]),
  );
  return envelopeReply("Node summary fetched.", { summary: nodes.map(nodeSummary), nodeLogicalResources });
};

const detail = async (controlPlane: ControlPlane, nodeId: string): Promise<Reply> => {
  const gcs = await controlPlane.gcs();
  const { nodes } = await gcs.listNodes({}, callOptions);
  const node = nodes.find((candidate) => candidate.nodeId === nodeId);
  if (node === undefined) throw new MantaError("not_found", `there is no node ${JSON.stringify(nodeId)}`);
  return envelopeReply("Node details fetched.", { detail: nodeSummary(node) });
};

const nodeSummary = (node: NodeRecord): Readonly<Record<string, unknown>> => ({
  hostname: node.name,
  ip: node.ip,
  raylet: {
    nodeId: node.nodeId,
    nodeManagerAddress: node.ip,
    nodeManagerHostname: node.name,
    isHeadNode: node.isHead,
    state: node.state,
    stateMessage: node.stateMessage,
    draining: node.draining,
    resourcesTotal: node.resources,
    labels: node.labels,
    startTimeMs: node.startMs,
    endTimeMs: node.endMs ?? 0,
  },
  agent: { httpPort: node.agentPort, ipAddress: node.ip },
});

const enveloped = async (work: () => Promise<Reply>): Promise<Reply> => {
  try {
    return await work();
  } catch (thrown) {
    const error = MantaError.from(thrown);
    return failedEnvelopeReply(restStatus(error), error.rawMessage);
  }
};
