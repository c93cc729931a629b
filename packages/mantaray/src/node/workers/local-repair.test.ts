import { describe, expect, it } from "vitest";
import { MantaError } from "../../base/errors.ts";
import { FakeClock } from "../../base/fake-clock.ts";
import { silentLog } from "../../base/log.ts";
import { seededRandom } from "../../base/random.ts";
import type { ActorRecord } from "../../protocol/actor.ts";
import { actorRecord } from "../fixtures/fake-gcs.ts";
import { nodeLimits } from "../limits.ts";
import { LocalRepair } from "./local-repair.ts";

const start = () => {
  const clock = new FakeClock();
  const world = { reachable: false, pending: true, draining: false };
  const started: { record: ActorRecord; atMs: number }[] = [];
  const repaired: number[] = [];
  const repair = new LocalRepair({
    reachable: () => world.reachable,
    exitPending: () => world.pending,
    repaired: (_actorId, restarts) => repaired.push(restarts),
    start: (record) => {
      if (world.draining) throw new MantaError("draining", "the node leaves");
      started.push({ record, atMs: clock.nowMs() });
    },
    clock,
    random: seededRandom(1),
    log: silentLog,
  });
  return { clock, world, started, repaired, repair };
};

const replica = (change: Partial<ActorRecord> = {}): ActorRecord =>
  actorRecord({ className: "R", localRepair: true, entry: { module: "serve-replica", args: {} } }, change);

describe("repair without a control store", () => {
  it("starts the next life of the same actor at once, and says so of the last", () => {
    const { started, repaired, repair } = start();
    const record = replica({ addresses: { unix: "unix:/a", tcp: "tcp:h:1" } });
    repair.ended(record);
    expect(started.map((each) => each.record)).toEqual([{ ...record, restarts: 1 }]);
    expect(repaired).toEqual([0]);
  });

  it("leaves alone what neither it nor its restarts allow", () => {
    const { started, repair } = start();
    repair.ended(
      actorRecord({ className: "U", maxRestarts: 2, entry: { module: "user-actor", args: {} } }, { restarts: 2 }),
    );
    expect(started).toEqual([]);
  });

  it("slows down in a crash loop, to one try in half a minute, and forgets it after a healthy life", async () => {
    const { clock, started, repair } = start();
    let record = replica();
    const die = async (): Promise<number> => {
      const beforeMs = clock.nowMs();
      const count = started.length;
      repair.ended(record);
      for (let step = 0; step < 60 && started.length === count; step += 1) await clock.advance(1_000);
      record = started.at(-1)?.record ?? record;
      return (started.at(-1)?.atMs ?? 0) - beforeMs;
    };
    // The first life was not ours: how long it was is not known.
    for (let life = 0; life < nodeLimits.repairIntensity; life += 1) expect(await die()).toBe(0);
    let longestMs = 0;
    for (let life = 0; life < 12; life += 1) longestMs = Math.max(longestMs, await die());
    expect(longestMs).toBeGreaterThan(nodeLimits.repairMaxMs / 2);
    expect(longestMs).toBeLessThanOrEqual(nodeLimits.repairMaxMs);
    await clock.advance(nodeLimits.repairPeriodMs);
    expect(await die()).toBe(0);
  });

  it("gives a control store that is there the word, and acts when it turns out to be away", async () => {
    const { clock, world, started, repair } = start();
    world.reachable = true;
    repair.ended(replica());
    await clock.advance(5_000);
    expect(started).toEqual([]);
    world.reachable = false;
    await clock.advance(nodeLimits.repairLookMs);
    expect(started).toHaveLength(1);
  });

  it("does nothing once the control store has heard, or the node leaves, or repair has stopped", async () => {
    const heard = start();
    heard.world.reachable = true;
    heard.repair.ended(replica());
    heard.world.pending = false;
    heard.world.reachable = false;
    await heard.clock.advance(60_000);
    expect(heard.started).toEqual([]);
    const leaves = start();
    leaves.world.draining = true;
    leaves.repair.ended(replica());
    await leaves.clock.advance(60_000);
    expect(leaves.repaired).toEqual([]);
    const stopped = start();
    stopped.repair.stop();
    stopped.repair.ended(replica());
    expect(stopped.started).toEqual([]);
  });
});
