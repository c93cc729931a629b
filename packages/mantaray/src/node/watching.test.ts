import { describe, expect, it } from "vitest";
import { gone, startTestNode } from "./fixtures/test-node.ts";
import { listLocalNodes } from "./processes/local-nodes.ts";

describe("the watchdog of a node", () => {
  it.each(["stopped", "blocked"])("kills a worker that is %s", async (how) => {
    const { startProbe, report, call } = await startTestNode();
    const actor = await startProbe({ watchdogTimeoutMs: 1_000 });
    const { pid } = await report(actor.actorId, "ready");
    if (how === "stopped") process.kill(pid, "SIGSTOP");
    else await call(actor.actorId, "block");
    const { cause } = await report(actor.actorId, "exited");
    expect(cause).toMatchObject({ kind: "UNRESPONSIVE", signal: "SIGKILL" });
    expect(gone(pid)).toBe(true);
  });

  it("leaves one alone whose watchdog is off", async () => {
    const { startProbe, report, dir } = await startTestNode({ idleWorkers: 0 });
    const [off, on] = [await startProbe({ watchdogTimeoutMs: 0 }), await startProbe({ watchdogTimeoutMs: 1_000 })];
    const [one, other] = [await report(off.actorId, "ready"), await report(on.actorId, "ready")];
    process.kill(one.pid, "SIGSTOP");
    process.kill(other.pid, "SIGSTOP");
    await report(on.actorId, "exited");
    expect(gone(one.pid)).toBe(false);
    expect(listLocalNodes(dir)[0]?.groups.map((group) => group.pid)).toEqual([one.pid]);
  });
});
