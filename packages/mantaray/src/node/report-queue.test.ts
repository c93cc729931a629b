import { describe, expect, it } from "vitest";
import { MantaError } from "../base/errors.ts";
import { FakeClock } from "../base/fake-clock.ts";
import { newActorId, newWorkerId } from "../base/ids.ts";
import { silentLog } from "../base/log.ts";
import type { ActorEvent } from "../protocol/node.ts";
import { nodeLimits } from "./limits.ts";
import { ReportQueue } from "./report-queue.ts";

const ready = (): ActorEvent & { kind: "ready" } => ({
  kind: "ready",
  actorId: newActorId(),
  workerId: newWorkerId(),
  pid: 1,
  addresses: { unix: "unix:/a", tcp: "tcp:h:1" },
});

const exited = ({ actorId, workerId }: ActorEvent): ActorEvent => ({
  kind: "exited",
  actorId,
  workerId,
  cause: { kind: "CRASHED", message: "" },
  repaired: false,
});

const start = () => {
  const clock = new FakeClock();
  const heard: ActorEvent[] = [];
  const store = { here: true, fails: [] as MantaError[] };
  const send = async (event: ActorEvent): Promise<void> => {
    const error = store.fails.shift();
    if (error !== undefined) throw error;
    heard.push(event);
  };
  const queue = new ReportQueue({ send: () => (store.here ? send : undefined), clock, log: silentLog });
  return { clock, heard, store, queue };
};

describe("ReportQueue", () => {
  it("keeps reports, of each process the last, while the control store is away", async () => {
    const { clock, heard, store, queue } = start();
    store.here = false;
    const [one, other] = [ready(), ready()];
    queue.add(one, 0);
    queue.add(other, 0);
    queue.add(exited(one), 0);
    expect(queue.exitPending(one.actorId, 0)).toBe(true);
    expect(queue.exitPending(one.actorId, 1)).toBe(false);
    expect(queue.exitPending(other.actorId, 0)).toBe(false);
    store.here = true;
    queue.flush();
    await clock.advance(0);
    expect(heard).toEqual([other, exited(one)]);
    expect(queue.size).toBe(0);
  });

  it("tries again what may succeed and drops what cannot", async () => {
    const { clock, heard, store, queue } = start();
    store.fails = [
      new MantaError("unavailable", "away"),
      new MantaError("deadline_exceeded", "slow"),
      new MantaError("not_found", "who?"),
    ];
    const [refused, fine] = [ready(), ready()];
    queue.add(refused, 0);
    queue.add(fine, 0);
    await clock.advance(3 * nodeLimits.reportRetryMs);
    expect(heard).toEqual([fine]);
  });

  it("is bounded", async () => {
    const { store, queue } = start();
    store.here = false;
    for (let index = 0; index < nodeLimits.reportsMax + 10; index += 1) queue.add(ready(), 0);
    expect(queue.size).toBe(nodeLimits.reportsMax);
  });
});
