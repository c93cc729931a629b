import { type FabricMember, type NetnsCluster, type NetnsNode, netnsMissing } from "@manta/testkit/netns";
import { afterEach, describe, expect, it } from "vitest";
import { expectOneOwner, replicaIps, replicaPids, replicasWanted, startWhere } from "./cluster.ts";
import { countBy, failures, sleepUntil, startLoad } from "./load.ts";

const missing = netnsMissing();

/** Each starts a cluster of its own. */
const timeout = 180_000;

/** A lease of three seconds, and up to ten until the former leader knows that its store is out of reach. */
const takeoverWithinMs = 30_000;

/** The node whose control store leads, as one of the heads has it. */
const leaderIp = async (cluster: NetnsCluster, head: NetnsNode): Promise<string | undefined> =>
  (await cluster.stateOf(head).nodes()).find((row) => row.is_head_node && row.state === "ALIVE")?.node_ip;

/** Every node but the first head. */
const everybody = ({ workers, heads }: NetnsCluster): FabricMember[] =>
  [...workers, ...heads.slice(1)].map(({ member }) => member);

describe.skipIf(missing !== undefined)(`a head cut off${missing === undefined ? "" : ` (${missing})`}`, () => {
  let cluster: NetnsCluster;
  afterEach(() => cluster?.stop());

  const cases: [string, (cluster: NetnsCluster) => readonly (FabricMember | undefined)[]][] = [
    ["from Redis, not from the workers", ({ redis }) => [redis]],
    ["from Redis and from everybody", (all) => [all.redis, ...everybody(all)]],
    ["from everybody, not from Redis", everybody],
  ];
  it.each(cases)(
    "%s: the standby leads, nothing is replaced, no request fails, and it comes back as a standby",
    { timeout },
    async (name, peersOf) => {
      cluster = await startWhere({ standbys: 1 });
      const [head, standby] = cluster.heads as [NetnsNode, NetnsNode];
      await expectOneOwner(cluster);
      const pidsBefore = replicaPids(cluster);
      const finish = startLoad(cluster, cluster.workers);
      await sleepUntil("a warm-up", Date.now() + 2_000);
      const cutAtMs = Date.now();
      cluster.cut(
        head,
        "both",
        peersOf(cluster).filter((peer) => peer !== undefined),
      );
      await cluster.state.until(
        "the standby leads",
        async () => (await leaderIp(cluster, standby)) === standby.ip,
        takeoverWithinMs,
      );
      const leadsMs = Date.now() - cutAtMs;
      await cluster.state.until(
        "its view of the replicas",
        async () => (await replicaIps(cluster, cluster.stateOf(standby))).length === replicasWanted,
      );
      const seenMs = Date.now() - cutAtMs;
      await sleepUntil("a life apart", Date.now() + 5_000);
      cluster.heal();
      await sleepUntil("a life together", Date.now() + 5_000);
      await expectOneOwner(cluster);
      expect(await leaderIp(cluster, standby)).toBe(standby.ip);
      const sent = await finish();
      process.stdout.write(`${JSON.stringify({ name, leadsMs, seenMs, sent: countBy(sent) })}\n`);
      expect(failures(sent)).toEqual({});
      expect(replicaPids(cluster)).toEqual(pidsBefore);
    },
  );

  it("from the workers, not from Redis: nothing is lost by it, whoever leads", { timeout }, async () => {
    cluster = await startWhere({ standbys: 1 });
    const [head] = cluster.heads as [NetnsNode];
    await expectOneOwner(cluster);
    const finish = startLoad(cluster, cluster.workers);
    await sleepUntil("a warm-up", Date.now() + 2_000);
    cluster.cut(
      head,
      "both",
      cluster.workers.map(({ member }) => member),
    );
    await sleepUntil("a life apart", Date.now() + 15_000);
    cluster.heal();
    await sleepUntil("a life together", Date.now() + 10_000);
    await expectOneOwner(cluster);
    const sent = await finish();
    expect(failures(sent)).toEqual({});
  });
});
