import { describe, expect, it } from "vitest";
import { newActorId } from "../base/ids.ts";
import { startTestNode, waitGone } from "./fixtures/test-node.ts";
import { listLocalNodes } from "./processes/local-nodes.ts";

describe("the end of an actor", () => {
  it.each([
    ["crash", { kind: "CRASHED", exitCode: 1 }, /Error: wild/],
    ["reject", { kind: "CRASHED", exitCode: 1 }, /nobody caught me/],
  ])("that ends by %s is reported with its last words", async (method, cause, message) => {
    const { startProbe, report, call } = await startTestNode();
    const actor = await startProbe();
    // Its answer and its death race: either may come first.
    await call(actor.actorId, method).catch(() => undefined);
    const event = await report(actor.actorId, "exited");
    expect(event.cause).toMatchObject(cause);
    expect(event.cause.message).toMatch(message);
  });

  it("that exits in its constructor is reported by its exit code", async () => {
    const { startProbe, report } = await startTestNode();
    const actor = await startProbe({}, "exits");
    expect((await report(actor.actorId, "exited")).cause).toMatchObject({ kind: "CRASHED", exitCode: 7 });
  });

  it("is started once, however often it is ordered", async () => {
    const { gcs, node, startProbe, report, dir } = await startTestNode({ idleWorkers: 0 });
    const actor = await startProbe();
    await gcs.agent(node.nodeId).startActor({ epoch: 1, actor });
    await report(actor.actorId, "ready");
    await gcs.agent(node.nodeId).startActor({ epoch: 1, actor });
    expect(listLocalNodes(dir)[0]?.groups).toHaveLength(1);
  });

  it("gives way to its next life", async () => {
    const { gcs, node, startProbe, report } = await startTestNode();
    const actor = await startProbe();
    const { pid } = await report(actor.actorId, "ready");
    gcs.reports.length = 0;
    await gcs.agent(node.nodeId).startActor({ epoch: 1, actor: { ...actor, restarts: 1 } });
    const second = await report(actor.actorId, "ready");
    expect(second.pid).not.toBe(pid);
    await waitGone([pid], 5_000);
    expect(gcs.reports.map((event) => event.kind)).toEqual(["ready"]);
  });

  it("leaves by the ladder, or at once with its descendants", async () => {
    const { gcs, node, startProbe, report, call } = await startTestNode();
    const agent = gcs.agent(node.nodeId);
    const gentle = await startProbe();
    const slow = call(gentle.actorId, "slow", 300);
    await call(gentle.actorId, "echo");
    await agent.stopActor({ epoch: 1, actorId: gentle.actorId, graceMs: 5_000, force: false, reason: "scaled down" });
    expect(await slow).toBe("done");
    expect((await report(gentle.actorId, "exited")).cause).toMatchObject({
      kind: "KILLED",
      message: "scaled down",
      exitCode: 0,
    });
    const forced = await startProbe();
    const child = (await call(forced.actorId, "addChild")) as number;
    await agent.stopActor({ epoch: 1, actorId: forced.actorId, graceMs: 0, force: true, reason: "killed" });
    expect((await report(forced.actorId, "exited")).cause).toMatchObject({ kind: "KILLED", signal: "SIGKILL" });
    await waitGone([child], 2_000);
    await agent.stopActor({
      epoch: 1,
      actorId: newActorId(),
      graceMs: 0,
      force: true,
      reason: "unknown ones have ended",
    });
  });

  it("takes its descendants along when it crashes", async () => {
    const { startProbe, report, call } = await startTestNode();
    const actor = await startProbe();
    const child = (await call(actor.actorId, "addChild")) as number;
    await call(actor.actorId, "crash");
    await report(actor.actorId, "exited");
    expect(await waitGone([child], 2_000)).toBe(true);
  });

  it("ignores a Ctrl-C that reaches it and heeds SIGTERM", async () => {
    const { startProbe, report, call } = await startTestNode();
    const actor = await startProbe();
    const { pid } = await report(actor.actorId, "ready");
    process.kill(pid, "SIGINT");
    expect(await call(actor.actorId, "pid")).toBe(pid);
    process.kill(pid, "SIGTERM");
    expect((await report(actor.actorId, "exited")).cause).toMatchObject({ kind: "EXITED", exitCode: 0 });
  });
});
