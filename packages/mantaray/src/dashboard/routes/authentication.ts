import type { Clock } from "../../base/clock.ts";
import { sessionSetCookie } from "../guard/token.ts";
import { jsonReply } from "../http/reply.ts";
import type { Route } from "../http/router.ts";
import { dashboardLimits } from "../limits.ts";

/** How a browser gets a session (reference, section 2.5). */
export const authenticationRoutes = (token: string, clock: Clock): readonly Route[] => [
  {
    method: "GET",
    path: "/api/authentication_mode",
    open: true,
    handler: () => jsonReply(200, { authentication_mode: token === "" ? "disabled" : "token" }),
  },
  {
    // Reached only with a valid token: what is left to do is to hand out the cookie.
    method: "POST",
    path: "/api/authenticate",
    handler: () =>
      jsonReply(
        200,
        { status: "authenticated" },
        token === "" ? {} : { "set-cookie": sessionSetCookie(token, clock.wallMs(), dashboardLimits.sessionMs) },
      ),
  },
];
