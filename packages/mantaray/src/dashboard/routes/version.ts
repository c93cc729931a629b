import type { Log } from "../../base/log.ts";
import { rayVersion, version } from "../../base/version.ts";
import type { ControlPlane } from "../control-plane.ts";
import { jsonReply } from "../http/reply.ts";
import type { Route } from "../http/router.ts";
import { dashboardLimits } from "../limits.ts";

/** Version of the REST protocol that clients of the reference check before they speak. */
const protocolVersion = "4";

/** Who answers. Open: the reference's tools ask before they send a token, and it says nothing secret. */
export const versionRoutes = (controlPlane: ControlPlane, log: Log): readonly Route[] => {
  const sessionName = async (): Promise<string> => {
    try {
      const gcs = await controlPlane.gcs();
      return (await gcs.ping({}, { timeoutMs: dashboardLimits.healthTimeoutMs })).sessionName;
    } catch (error) {
      log.debug({ err: error }, "the session's name is not known while the control store is away");
      return "";
    }
  };
  return ["/api/version", "/api/ray/version"].map((path) => ({
    method: "GET",
    path,
    open: true,
    handler: async () =>
      jsonReply(200, {
        version: protocolVersion,
        ray_version: rayVersion,
        ray_commit: `manta-${version}`,
        session_name: await sessionName(),
      }),
  }));
};
