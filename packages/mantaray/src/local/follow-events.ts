import { connect } from "../actor/index.ts";
import type { Clock } from "../base/clock.ts";
import { sleep } from "../base/wait.ts";
import type { ClusterEvent } from "../protocol/gcs.ts";

const retryMs = 500;

/** Calls back once for each event of the cluster, for as long as the signal lets it; survives a lost head. */
export const followEvents = async (
  options: { gcsAddress: string; token: string; clock: Clock; signal: AbortSignal; sinceMs: number },
  onEvent: (event: ClusterEvent) => void,
): Promise<void> => {
  const { clock, signal } = options;
  const cluster = await connect({ addresses: [`tcp:${options.gcsAddress}`], token: options.token });
  // The log is replayed on each subscription: what was shown stays shown.
  let shownMs = options.sinceMs;
  // Several may be of the same millisecond.
  let shownNow = new Set<string>();
  try {
    while (!signal.aborted) {
      try {
        for await (const item of cluster.gcs.subscribe({ topics: ["events"] }, { signal })) {
          if (item.kind !== "event" || item.event.atMs < shownMs || shownNow.has(item.event.message)) continue;
          if (item.event.atMs > shownMs) shownNow = new Set();
          shownMs = item.event.atMs;
          shownNow.add(item.event.message);
          onEvent(item.event);
        }
      } catch {
        // The head is away: `nodes` says so. Asked again until it is back.
      }
      await sleep(clock, retryMs, signal).catch(() => {});
    }
  } finally {
    await cluster.close();
  }
};
