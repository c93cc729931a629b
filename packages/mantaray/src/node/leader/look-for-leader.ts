import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { gcsService } from "../../protocol/gcs.ts";
import { createClient, dial, type PeerIdentity } from "../../rpc/index.ts";
import { nodeLimits } from "../limits.ts";

/** How others are asked. */
export interface LookOptions {
  readonly addresses: readonly string[];
  /** Only a leader of a newer epoch is of interest. */
  readonly newerThan: number;
  readonly token: string;
  readonly identity: PeerIdentity;
  readonly clock: Clock;
  readonly log: Log;
}

/** Asks all addresses at once who leads; the newest leader beyond `newerThan`, if any. Never rejects. */
export const lookForLeader = async (options: LookOptions): Promise<{ address: string; epoch: number } | undefined> => {
  const { addresses, newerThan } = options;
  const found = await Promise.all(addresses.map((address) => ask(address, options)));
  return found
    .filter((leader) => leader !== undefined)
    .filter(({ epoch }) => epoch > newerThan)
    .toSorted((one, other) => other.epoch - one.epoch)[0];
};

const ask = async (
  address: string,
  { token, identity, clock, log }: LookOptions,
): Promise<{ address: string; epoch: number } | undefined> => {
  const timeoutMs = nodeLimits.leaderLookTimeoutMs;
  try {
    const link = await dial(address, { token, identity, timeoutMs, clock, log });
    try {
      const { role, epoch } = await createClient(link, gcsService).ping({}, { timeoutMs });
      return role === "leader" ? { address, epoch } : undefined;
    } finally {
      link.close("looked");
    }
  } catch (error) {
    log.debug({ address, err: error }, "no leader there");
    return undefined;
  }
};
