import type { Service } from "../protocol/service.ts";
import { type Client, clientOver } from "./client.ts";
import type { PersistentLink } from "./persistent-link.ts";

/**
 * Calls `service` over whatever link there is at the moment. A call without a link waits for one within
 * its own timeout, then rejects with `unavailable`; one whose link drains before it
 * began goes to the next. One that loses its link otherwise rejects with `link_lost`: only the caller knows
 * whether it may be repeated.
 */
export const persistentClient = <S extends Service>(link: PersistentLink, service: S): Client<S> =>
  clientOver(
    {
      link: (timeoutMs, signal) =>
        link.current ?? link.ready({ timeoutMs, ...(signal === undefined ? {} : { signal }) }),
      mayChange: true,
    },
    service,
  );
