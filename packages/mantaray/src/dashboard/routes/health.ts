import type { Log } from "../../base/log.ts";
import type { ControlPlane } from "../control-plane.ts";
import { type Reply, textReply } from "../http/reply.ts";
import type { Route } from "../http/router.ts";
import { dashboardLimits } from "../limits.ts";

/** Probes (reference, section 2.3). Open: a kubelet has no token. */
export const healthRoutes = (controlPlane: ControlPlane, log: Log): readonly Route[] =>
  ["/api/gcs_healthz", "/api/healthz"].map((path) => ({
    method: "GET",
    path,
    open: true,
    handler: () => health(controlPlane, log),
  }));

const health = async (controlPlane: ControlPlane, log: Log): Promise<Reply> => {
  try {
    const gcs = await controlPlane.gcs();
    await gcs.ping({}, { timeoutMs: dashboardLimits.healthTimeoutMs });
    return textReply(200, "success", { "content-type": "application/text; charset=utf-8" });
  } catch (error) {
    log.debug({ err: error }, "the control store does not answer a health check");
    return textReply(503, "503: Health check failed: the control store (GCS) does not answer");
  }
};
