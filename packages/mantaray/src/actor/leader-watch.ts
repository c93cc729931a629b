import type { Clock } from "../base/clock.ts";
import { MantaError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { gcsService } from "../protocol/gcs.ts";
import { createClient } from "../rpc/index.ts";
import type { Link } from "../rpc/types.ts";
import { actorLimits } from "./limits.ts";

/**
 * Set-up of a client's link to a control store: refuses a standby (`not_leader`, details `{ leader }`, which is where
 * the link is dialled next), and closes the link later when the store does not answer or lead any more.
 */
export const leaderWatch =
  (deps: { readonly clock: Clock; readonly log: Log }) =>
  async (link: Link, address: string): Promise<void> => {
    const { clock, log } = deps;
    const gcs = createClient(link, gcsService);
    const look = async (timeoutMs: number): Promise<void> => {
      const { role, leader } = await gcs.ping({}, { timeoutMs });
      if (role === "leader") return;
      const details = { leader: leader === address ? "" : leader };
      throw new MantaError("not_leader", `the control store at ${address} stands by`, { details });
    };
    await look(actorLimits.firstLookTimeoutMs);
    let missed = 0;
    const again = async (): Promise<void> => {
      try {
        await look(actorLimits.lookTimeoutMs);
        missed = 0;
      } catch (error) {
        missed += 1;
        const left = MantaError.from(error).code === "not_leader" || missed >= actorLimits.lookMissesMax;
        if (left && !link.closed) {
          log.info({ address, err: error }, "looking for the control store that leads");
          link.close("it does not lead or answer any more");
        }
      }
      next();
    };
    const next = (): void => {
      if (!link.closed) clock.after(actorLimits.lookPeriodMs, () => void again(), { unref: true });
    };
    next();
  };
