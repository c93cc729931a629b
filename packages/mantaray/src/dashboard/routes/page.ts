import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { emptyServeDetails, type ServeDetails, serveDetailsSchema } from "../../protocol/serve-details.ts";
import type { ControlPlane } from "../control-plane.ts";
import { sameSecret, sessionSetCookie } from "../guard/token.ts";
import type { ApiRequest } from "../http/api-request.ts";
import { type Reply, textReply } from "../http/reply.ts";
import type { Route } from "../http/router.ts";
import { dashboardLimits } from "../limits.ts";
import { documentHtml, pageHeaders } from "../page/document.ts";
import { loginHtml } from "../page/login.ts";
import { type Overview, overviewHtml } from "../page/overview.ts";

/** What the page's route needs. */
export interface PageDeps {
  readonly controlPlane: ControlPlane;
  readonly token: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether this request proved the token. */
  readonly authenticated: (request: ApiRequest) => boolean;
}

/** The page at `/`. Open, because it does its own asking: a browser gets a form instead of a bare 401. */
export const pageRoutes = (deps: PageDeps): readonly Route[] => [
  {
    method: "GET",
    path: "/",
    open: true,
    handler: (request) => {
      const given = request.query.get("token");
      if (given !== null) return logIn(deps, given);
      return deps.authenticated(request) ? overview(deps) : page(401, documentHtml(loginHtml(), { refresh: false }));
    },
  },
];

/** `/?token=…`, as `manta start` prints it: leaves the token out of the address that stays in the browser. */
const logIn = (deps: PageDeps, given: string): Reply => {
  if (deps.token === "") return textReply(302, "", { location: "/" });
  if (!sameSecret(given, deps.token)) return page(401, documentHtml(loginHtml(), { refresh: false }));
  const cookie = sessionSetCookie(deps.token, deps.clock.wallMs(), dashboardLimits.sessionMs);
  return textReply(302, "", { location: "/", "set-cookie": cookie });
};

const overview = async (deps: PageDeps): Promise<Reply> => {
  const [cluster, serve] = await Promise.all([
    orUndefined(deps.log, () => clusterPart(deps.controlPlane)),
    orUndefined(deps.log, () => servePart(deps.controlPlane)),
  ]);
  const content: Overview = { nodes: cluster?.nodes, usage: cluster?.usage ?? {}, actors: cluster?.actors, serve };
  return page(200, documentHtml(overviewHtml(content), { refresh: true }));
};

const clusterPart = async (
  controlPlane: ControlPlane,
): Promise<{
  nodes: NonNullable<Overview["nodes"]>;
  actors: NonNullable<Overview["actors"]>;
  usage: Overview["usage"];
}> => {
  const gcs = await controlPlane.gcs();
  const timeoutMs = dashboardLimits.gcsCallTimeoutMs;
  const [{ nodes }, { actors }, { usage }] = await Promise.all([
    gcs.listNodes({}, { timeoutMs }),
    gcs.listActors({}, { timeoutMs }),
    gcs.resourceUsage({}, { timeoutMs }),
  ]);
  return { nodes, actors, usage };
};

const servePart = async (controlPlane: ControlPlane): Promise<ServeDetails> => {
  const controller = await controlPlane.controller();
  if (controller === undefined) return emptyServeDetails;
  const { details } = await controller.details({}, { timeoutMs: dashboardLimits.controllerCallTimeoutMs });
  return serveDetailsSchema.parse(details);
};

/** A part that cannot be had does not take the others with it. */
const orUndefined = async <T>(log: Log, work: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await work();
  } catch (thrown) {
    log.debug({ err: MantaError.from(thrown) }, "a part of the page could not be had");
    return undefined;
  }
};

const page = (status: number, body: string): Reply => ({ status, headers: pageHeaders, body });
