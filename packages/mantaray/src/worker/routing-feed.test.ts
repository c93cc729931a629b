import { describe, expect, it } from "vitest";
import { type ActorId, newActorId } from "../base/ids.ts";
import { silentLog } from "../base/log.ts";
import { waitFor } from "../base/wait.ts";
import type { RoutingSnapshot } from "../protocol/routing.ts";
import { nodeLocalService, type RoutingEvent } from "../protocol/worker.ts";
import { createClient, type Implementation, linkPair, serveService } from "../rpc/index.ts";
import { NodeRoutingFeed } from "./routing-feed.ts";

const snapshot = (version: number): RoutingSnapshot => ({
  version,
  http: { requestTimeoutMs: null, keepAliveTimeoutMs: 90_000, rootPath: "" },
  routes: [],
  deployments: {},
});

/** A feed that follows an agent which says these events and then closes the link. */
const follow = async (events: readonly RoutingEvent[]) => {
  const [agentSide, workerSide] = await linkPair();
  const implementation: Partial<Implementation<typeof nodeLocalService>> = {
    watchRouting: async function* watch() {
      yield* events;
    },
  };
  serveService(agentSide, nodeLocalService, implementation as Implementation<typeof nodeLocalService>);
  const feed = new NodeRoutingFeed(silentLog);
  const versions: number[] = [];
  const dead: ActorId[] = [];
  feed.onSnapshot(() => {
    throw new Error("a listener with a defect");
  });
  const stop = feed.onSnapshot(({ version }) => void versions.push(version));
  feed.onDown((actorIds) => void dead.push(...actorIds));
  const done = feed.follow(createClient(workerSide, nodeLocalService));
  return { feed, versions, dead, stop, done, close: () => agentSide.close() };
};

describe("NodeRoutingFeed", () => {
  it("tells newer snapshots and deaths in order, whatever one listener does", async () => {
    const actorId = newActorId();
    const { feed, versions, dead, done } = await follow([
      { kind: "snapshot", snapshot: snapshot(2) },
      { kind: "snapshot", snapshot: snapshot(1) },
      { kind: "down", actorIds: [actorId] },
      { kind: "snapshot", snapshot: snapshot(3) },
    ]);
    await done;
    expect(versions).toEqual([2, 3]);
    expect(dead).toEqual([actorId]);
    expect(feed.snapshot?.version).toBe(3);
  });

  it("keeps what it knows when the agent is gone", async () => {
    const { feed, versions, done, close } = await follow([{ kind: "snapshot", snapshot: snapshot(2) }]);
    await waitFor(() => versions.length === 1, { timeoutMs: 2_000, what: "the snapshot" });
    close();
    await done;
    expect(feed.snapshot?.version).toBe(2);
  });
});
