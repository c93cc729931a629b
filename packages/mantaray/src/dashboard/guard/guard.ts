import type { IncomingHttpHeaders } from "node:http";
import type { Clock } from "../../base/clock.ts";
import { type Reply, textReply } from "../http/reply.ts";
import { hostAllowed } from "./host.ts";
import { originAllowed } from "./origin.ts";
import { bearerAllowed, cookieAllowed } from "./token.ts";

/** What a guard checks against. */
export interface GuardOptions {
  /** Empty: no token is asked for. */
  readonly token: string;
  readonly hostNames: readonly string[];
  readonly clock: Clock;
}

/** Who may speak to the API server. Each check gives the refusal, or undefined to let the request in. */
export class Guard {
  readonly #options: GuardOptions;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** For every request, health included: is it ours, and not another site's page speaking. */
  refuseStranger(headers: IncomingHttpHeaders): Reply | undefined {
    if (!hostAllowed(headers.host, this.#options.hostNames)) {
      const host = JSON.stringify(headers.host ?? "");
      return textReply(403, `403: Host ${host} is not known here; name it in MANTA_ALLOWED_HOSTS`);
    }
    const origin = {
      host: headers.host,
      origin: headers.origin,
      secFetchSite: headers["sec-fetch-site"],
    };
    return originAllowed(origin) ? undefined : textReply(403, "403: requests from other sites are refused");
  }

  /** For what is not open to all. */
  refuseUnproved(headers: IncomingHttpHeaders): Reply | undefined {
    if (this.authenticated(headers)) return undefined;
    return textReply(401, "401: Unauthorized: send the cluster's token as `Authorization: Bearer <token>`", {
      "www-authenticate": "Bearer",
    });
  }

  authenticated(headers: IncomingHttpHeaders): boolean {
    const { token, clock } = this.#options;
    if (token === "") return true;
    const bearers = [headers.authorization, headers["x-ray-authorization"] as string | undefined];
    return bearerAllowed(bearers, token) || cookieAllowed(headers.cookie, token, clock.wallMs());
  }
}
