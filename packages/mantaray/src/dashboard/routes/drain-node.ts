import { z } from "zod";
import { MantaError } from "../../base/errors.ts";
import type { ControlPlane } from "../control-plane.ts";
import { type ApiRequest, jsonBody } from "../http/api-request.ts";
import { envelopeReply, failedEnvelopeReply, type Reply, restStatus } from "../http/reply.ts";
import type { Route } from "../http/router.ts";
import { dashboardLimits } from "../limits.ts";
import { nodeLoads } from "../state/cluster-load.ts";

const bodySchema = z.object({
  reason: z.string().min(1).max(dashboardLimits.drainReasonLengthMax),
  /** The node leaves after this long at the latest. */
  timeout_s: z.number().positive().max(dashboardLimits.drainTimeoutMaxS),
  /** Not when something lives there by now: whoever asks has looked a moment ago. */
  only_if_idle: z.boolean().default(false),
});

/** Lets a node leave in order, as `drain-node` does (ours). Asked again, the earlier deadline counts. */
export const drainRoutes = (controlPlane: ControlPlane): readonly Route[] => [
  {
    method: "PUT",
    path: "/api/v0/nodes/{id}/drain",
    handler: async (request) => {
      try {
        return await drain(controlPlane, request);
      } catch (thrown) {
        const error = MantaError.from(thrown);
        return failedEnvelopeReply(restStatus(error), error.rawMessage);
      }
    },
  },
];

const drain = async (controlPlane: ControlPlane, request: ApiRequest): Promise<Reply> => {
  const body = bodySchema.safeParse(await jsonBody(request));
  if (!body.success) {
    const issue = body.error.issues[0];
    throw new MantaError("invalid_argument", `${issue?.path.join(".") || "the body"}: ${issue?.message ?? "is wrong"}`);
  }
  const gcs = await controlPlane.gcs();
  const callOptions = { timeoutMs: dashboardLimits.gcsCallTimeoutMs };
  const [{ nodes }, { actors }] = await Promise.all([gcs.listNodes({}, callOptions), gcs.listActors({}, callOptions)]);
  const node = nodeLoads(nodes, actors, {}).find(({ nodeId }) => nodeId === request.params.id);
  if (node === undefined) {
    throw new MantaError("not_found", `there is no live node ${JSON.stringify(request.params.id)}`);
  }
  if (body.data.only_if_idle && node.actors > 0) {
    return failedEnvelopeReply(409, `node ${node.ip} is not idle: ${node.actors} actors live there`);
  }
  const order = { nodeId: node.nodeId, reason: body.data.reason, timeoutMs: body.data.timeout_s * 1_000 };
  await gcs.drainNode(order, callOptions);
  return envelopeReply("The node drains.", { nodeId: node.nodeId });
};
