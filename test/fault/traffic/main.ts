/**
 * The clients of a fault run, in a process of their own: what the harness does must not show in their times.
 * Told what to do by messages of `protocol.ts`; ends with its parent.
 */
import { ClosedLoop } from "../../../bench/load/closed-loop.ts";
import { OpenLoop } from "../../../bench/load/open-loop.ts";
import { seededRandom } from "../../../packages/mantaray/src/base/random.ts";
import { smallRequests, uploadRequest } from "./classes.ts";
import { EventStreams } from "./event-streams.ts";
import type { TrafficAnswer, TrafficOrder, TrafficPlan } from "./protocol.ts";
import { Tally } from "./tally.ts";
import { WebSockets } from "./web-sockets.ts";

interface Loop {
  readonly openSinceMs: number | undefined;
  close(): void;
}

const tally = new Tally();
let loops: readonly Loop[] = [];

const start = (plan: TrafficPlan): void => {
  const { url, seed, timeoutMs } = plan;
  const random = seededRandom(seed);
  const closed = new ClosedLoop(
    {
      url,
      timeoutMs,
      connections: plan.connections,
      ratePerSecond: plan.closedPerSecond,
      requests: smallRequests("c"),
    },
    tally.observer({ logLatency: false }),
  );
  const open = new OpenLoop(
    {
      url,
      timeoutMs,
      ratePerSecond: plan.openPerSecond,
      connectionsMax: plan.openConnectionsMax,
      requests: smallRequests("o"),
      random: () => random.next(),
    },
    tally.observer({ logLatency: true }),
  );
  const uploads = new ClosedLoop(
    { url, timeoutMs, connections: 1, ratePerSecond: plan.uploadsPerSecond, requests: [uploadRequest()] },
    tally.observer({ logLatency: false }),
  );
  for (const loop of [closed, open, uploads]) loop.start();
  loops = [
    closed,
    open,
    uploads,
    new EventStreams({ url, timeoutMs, count: plan.streams, tally }),
    new WebSockets({ url, timeoutMs, count: plan.sockets, tally }),
  ];
};

const openSinceMs = (): number => Math.min(...loops.map((loop) => loop.openSinceMs ?? Number.POSITIVE_INFINITY));

/** Waits until every request that is open now has ended. */
const settled = async (waitMs: number): Promise<void> => {
  const nowMs = performance.now();
  while (openSinceMs() < nowMs && performance.now() - nowMs < waitMs) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

const obey = async (order: TrafficOrder): Promise<TrafficAnswer["value"]> => {
  switch (order.kind) {
    case "start":
      start(order.plan);
      return null;
    case "take":
      await settled(order.settleMs);
      return tally.take();
    case "ok":
      return tally.ok;
    case "seen":
      return tally.seen;
    case "latencies":
      return tally.latencyLog.between(order.fromMs, order.toMs);
    default:
      return order satisfies never;
  }
};

process.on("message", (message: { readonly id: number; readonly order: TrafficOrder }) => {
  void obey(message.order).then((value) => process.send?.({ id: message.id, value } satisfies TrafficAnswer));
});
process.on("disconnect", () => process.exit(0));
process.on("SIGINT", () => undefined);
