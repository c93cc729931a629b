import { z } from "zod";
import { MantaError } from "../../base/errors.ts";
import type { ControlPlane } from "../control-plane.ts";
import { type ApiRequest, jsonBody } from "../http/api-request.ts";
import { jsonReply, type Reply, restStatus } from "../http/reply.ts";
import type { Route } from "../http/router.ts";
import { dashboardLimits } from "../limits.ts";

const scaleSchema = z.object({ target_num_replicas: z.number().int().nonnegative() });

/** The webhook of an external scaler (reference, section 2.2). */
export const scaleRoutes = (controlPlane: ControlPlane): readonly Route[] => [
  {
    method: "POST",
    path: "/api/v1/applications/{app}/deployments/{deployment}/scale",
    handler: async (request) => {
      try {
        return await scale(controlPlane, request);
      } catch (thrown) {
        const error = MantaError.from(thrown);
        return jsonReply(scaleStatus(error), { error: error.rawMessage });
      }
    },
  },
];

const scale = async (controlPlane: ControlPlane, request: ApiRequest): Promise<Reply> => {
  const contentType = request.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (contentType !== "application/json") {
    throw new MantaError("invalid_argument", "content-type must be application/json");
  }
  const body = scaleSchema.safeParse(await jsonBody(request));
  if (!body.success) {
    throw new MantaError("invalid_argument", "target_num_replicas must be a whole number of at least 0");
  }
  const controller = await controlPlane.controller();
  if (controller === undefined) throw new MantaError("unavailable", "Serve is not running");
  await controller.scale(
    {
      app: request.params.app ?? "",
      deployment: request.params.deployment ?? "",
      replicas: body.data.target_num_replicas,
    },
    { timeoutMs: dashboardLimits.controllerCallTimeoutMs },
  );
  return jsonReply(200, {
    message: "Scaling request received. Deployment will get scaled asynchronously.",
  });
};

/** Reasons of the controller that are no fault of the request itself. */
const preconditions: ReadonlySet<unknown> = new Set(["deleting", "external_scaler_disabled"]);

/** 412: the deployment is being deleted or the app does not take an external scaler. 400: no such deployment. */
const scaleStatus = (error: MantaError): number => {
  if (preconditions.has(error.details.reason)) return 412;
  return error.code === "not_found" ? 400 : restStatus(error);
};
