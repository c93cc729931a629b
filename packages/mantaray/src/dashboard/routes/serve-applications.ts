import { MantaError } from "../../base/errors.ts";
import { emptyServeDetails } from "../../protocol/serve-details.ts";
import type { ControlPlane } from "../control-plane.ts";
import { type ApiRequest, jsonBody } from "../http/api-request.ts";
import { emptyReply, jsonReply, type Reply, restStatus, textReply } from "../http/reply.ts";
import type { Route } from "../http/router.ts";
import { dashboardLimits } from "../limits.ts";

const path = "/api/serve/applications/";

/** The Serve REST (reference, section 2.2). */
export const serveApplicationsRoutes = (controlPlane: ControlPlane): readonly Route[] => [
  { method: "GET", path, handler: (request) => asText(() => details(controlPlane, request)) },
  { method: "PUT", path, handler: (request) => asText(() => deploy(controlPlane, request)) },
  { method: "DELETE", path, handler: () => asText(() => shutdown(controlPlane)) },
];

const details = async (controlPlane: ControlPlane, request: ApiRequest): Promise<Reply> => {
  const source = apiType(request.query.get("api_type"));
  const controller = await controlPlane.controller();
  if (controller === undefined) return jsonReply(200, emptyServeDetails);
  const timeoutMs = dashboardLimits.controllerCallTimeoutMs;
  const answer = await controller.details(source === undefined ? {} : { source }, { timeoutMs });
  return jsonReply(200, answer.details);
};

const deploy = async (controlPlane: ControlPlane, request: ApiRequest): Promise<Reply> => {
  const config = await jsonBody(request);
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new MantaError("invalid_config", "the body must be a JSON object: a ServeDeploySchema");
  }
  const controller = await controlPlane.startedController();
  await controller.deploy({ config, source: "declarative" }, { timeoutMs: dashboardLimits.deployTimeoutMs });
  return emptyReply;
};

const shutdown = async (controlPlane: ControlPlane): Promise<Reply> => {
  const controller = await controlPlane.controller();
  await controller?.shutdown({}, { timeoutMs: dashboardLimits.controllerCallTimeoutMs });
  return emptyReply;
};

const apiType = (text: string | null): "declarative" | "imperative" | undefined => {
  if (text === null || text === "unknown") return undefined;
  if (text === "declarative" || text === "imperative") return text;
  throw new MantaError(
    "invalid_argument",
    `api_type must be "declarative" or "imperative", got ${JSON.stringify(text)}`,
  );
};

/** Errors as plain text: 400 for what the client can mend, 503 while the control plane is away. */
const asText = async (work: () => Promise<Reply>): Promise<Reply> => {
  try {
    return await work();
  } catch (thrown) {
    const error = MantaError.from(thrown);
    const status = restStatus(error);
    if (status !== 503) throw error;
    return textReply(
      503,
      `Failed to get an answer from the Serve controller. The control store (GCS) may be down, please retry later. (${error.rawMessage})`,
    );
  }
};
