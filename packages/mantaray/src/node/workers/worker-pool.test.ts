import { readdirSync } from "node:fs";
import { getPriority } from "node:os";
import { describe, expect, it } from "vitest";
import { waitFor } from "../../base/wait.ts";
import { startTestNode } from "../fixtures/test-node.ts";
import { listLocalNodes } from "../processes/local-nodes.ts";
import { mayRestore, ownNiceness } from "../processes/niceness.ts";

const idle = (dir: string): number => listLocalNodes(dir)[0]?.groups.length ?? 0;

const nicenesses = (pid: number): number[] => [
  ...new Set(readdirSync(`/proc/${pid}/task`).map((thread) => getPriority(Number(thread)))),
];

describe("the pool of a node", () => {
  it.runIf(mayRestore(ownNiceness()))("lets what serves go before what waits", async () => {
    const { dir, startProbe, report } = await startTestNode({ idleWorkers: 1 });
    const own = ownNiceness();
    const first = await waitFor(() => listLocalNodes(dir)[0]?.groups[0]?.pid, {
      what: "an idle worker",
      timeoutMs: 10_000,
    });
    expect(nicenesses(first)).toEqual([Math.min(own + 10, 19)]);
    const actor = await startProbe();
    expect((await report(actor.actorId, "ready")).pid).toBe(first);
    expect(nicenesses(first)).toEqual([own]);
  });

  it("fills up to its size and hosts from it without a new process", async () => {
    const { dir, startProbe, report } = await startTestNode({ idleWorkers: 2 });
    await waitFor(() => idle(dir) === 2, { what: "two idle workers", timeoutMs: 10_000 });
    const before = new Set(listLocalNodes(dir)[0]?.groups.map((group) => group.pid));
    const actor = await startProbe();
    expect(before.has((await report(actor.actorId, "ready")).pid)).toBe(true);
    await waitFor(() => idle(dir) === 3, { what: "the refill", timeoutMs: 10_000 });
  });

  it("replaces an idle worker that died", async () => {
    const { dir } = await startTestNode({ idleWorkers: 1 });
    const first = await waitFor(() => listLocalNodes(dir)[0]?.groups[0]?.pid, {
      what: "an idle worker",
      timeoutMs: 10_000,
    });
    process.kill(first, "SIGKILL");
    const other = (): boolean => listLocalNodes(dir)[0]?.groups.some(({ pid }) => pid !== first) ?? false;
    expect(await waitFor(other, { what: "another one", timeoutMs: 10_000 })).toBe(true);
  });

  it("starts directly what a burst needs, and fetches its code once", async () => {
    const { gcs, startProbe, report } = await startTestNode({ idleWorkers: 1 });
    const actors = await Promise.all(Array.from({ length: 5 }, () => startProbe()));
    const pids = await Promise.all(actors.map(async ({ actorId }) => (await report(actorId, "ready")).pid));
    expect(new Set(pids).size).toBe(5);
    expect(gcs.bundleLoads).toBe(1);
  });
});
