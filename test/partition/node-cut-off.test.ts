import { type CutDirection, type NetnsCluster, type NetnsNode, netnsMissing } from "@manta/testkit/netns";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectOneOwner, nodeState, replicaIps, replicasWanted, startWhere } from "./cluster.ts";
import { countBy, failures, isUnsaveable, sleepUntil, startLoad } from "./load.ts";

const missing = netnsMissing();

/** The rest stops sending to the node within a second or two; on a loaded machine a little later. */
const avoidedWithinMs = 3_000;
/** A request that was sent into the hole waits for the suspicion, everybody else answers in milliseconds. */
const heldUpMs = 700;
/** From the cut to DEAD: three seconds of a silent kernel, then the grace. */
const deadWithinMs = 15_000;
const directions: readonly CutDirection[] = ["both", "in", "out"];

describe.skipIf(missing !== undefined)(`a worker node cut off${missing === undefined ? "" : ` (${missing})`}`, () => {
  let cluster: NetnsCluster;
  beforeAll(async () => {
    cluster = await startWhere();
  }, 120_000);
  afterAll(() => cluster?.stop());

  it.each(directions)(
    "%s: serves who reaches it, is left alone by the rest, is replaced, and comes back as one",
    async (direction) => {
      const cut = cluster.workers[2] as NetnsNode;
      // The head hosts no replicas: whatever it is asked for goes to another node.
      const others = cluster.nodes.filter((node) => node !== cut);
      await expectOneOwner(cluster);
      const finish = startLoad(cluster, cluster.nodes);
      await sleepUntil("a warm-up", Date.now() + 2_000);

      const cutAtMs = Date.now();
      cluster.cut(cut, direction);
      await cluster.state.until("its death", async () => (await nodeState(cluster, cut)) === "DEAD", deadWithinMs);
      const deadAtMs = Date.now();
      await cluster.state.until("its replacement", async () => {
        const ips = await replicaIps(cluster);
        return ips.length === replicasWanted && !ips.includes(cut.ip);
      });
      const replacedAtMs = Date.now();
      await sleepUntil("a life apart", replacedAtMs + 3_000);

      const healedAtMs = Date.now();
      cluster.heal();
      await cluster.state.until("its return", async () => (await nodeState(cluster, cut)) === "ALIVE");
      const backAtMs = Date.now();
      await expectOneOwner(cluster);
      const settledAtMs = Date.now();
      await sleepUntil("a life together", settledAtMs + 2_000);
      const sent = await finish();

      const rest = sent.filter(({ target }) => others.some(({ name }) => name === target));
      const own = sent.filter(({ target }) => target === cut.name);
      const heldUp = rest.filter(({ startMs, endMs }) => startMs >= cutAtMs && endMs - startMs > heldUpMs);
      const figures = {
        direction,
        avoidedMs: Math.max(0, ...heldUp.map(({ startMs }) => startMs - cutAtMs)),
        lastServedMs: Math.max(
          0,
          ...rest
            .filter(({ servedBy, startMs }) => servedBy === cut.ip && startMs < healedAtMs)
            .map(({ startMs }) => startMs - cutAtMs),
        ),
        heldUp: heldUp.length,
        heldUpMaxMs: Math.max(0, ...heldUp.map(({ startMs, endMs }) => endMs - startMs)),
        deadMs: deadAtMs - cutAtMs,
        replacedMs: replacedAtMs - cutAtMs,
        backMs: backAtMs - healedAtMs,
        settledMs: settledAtMs - healedAtMs,
        rest: countBy(rest),
        own: countBy(own),
      };
      process.stdout.write(`${JSON.stringify(figures)}\n`);

      expect(figures.avoidedMs).toBeLessThan(avoidedWithinMs);
      expect(failures(rest)).toEqual({});
      expect(failures(own)).toEqual({});
      // What could not be saved was sent while nobody knew.
      for (const { startMs } of sent.filter(isUnsaveable)) expect(startMs - cutAtMs).toBeLessThan(avoidedWithinMs);
      const apart = own.filter(({ startMs }) => startMs > cutAtMs + avoidedWithinMs && startMs < healedAtMs);
      expect(apart.length).toBeGreaterThan(50);
      expect(new Set(apart.map(({ servedBy }) => servedBy))).toEqual(new Set([cut.ip]));
    },
  );
});
