import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { invoke } from "../actor/invoke.ts";
import { newActorId } from "../base/ids.ts";
import { waitFor } from "../base/wait.ts";
import { dial } from "../rpc/index.ts";
import { actorRecord } from "./fixtures/fake-gcs.ts";
import { gone, startTestNode, waitGone } from "./fixtures/test-node.ts";
import { listLocalNodes } from "./processes/local-nodes.ts";

describe("an actor", () => {
  it("is hosted, called on both of its addresses, and named after its class", async () => {
    const { startProbe, report, call, token } = await startTestNode();
    const actor = await startProbe();
    const { pid, addresses } = await report(actor.actorId, "ready");
    expect(await call(actor.actorId, "pid")).toBe(pid);
    expect(await call(actor.actorId, "title")).toBe("ray::Probe");
    const link = await dial(addresses.tcp, { token, identity: { role: "client", id: "" } });
    const values = [new Map([[1, new Date(0)]]), new Uint8Array(300_000).fill(7), undefined, 2n];
    expect(await invoke(link, "echo", values, { timeoutMs: 5_000, requestId: randomUUID() })).toEqual(values);
    link.close();
    await expect(dial(addresses.tcp, { token: "wrong", identity: { role: "client", id: "" } })).rejects.toMatchObject({
      code: "unauthenticated",
    });
  });

  it("hides the worker's own variables from user code", async () => {
    const { startProbe, call } = await startTestNode();
    const actor = await startProbe();
    const names = (await call(actor.actorId, "env")) as string[];
    expect(names.filter((name) => /^MANTA_(WORKER|NODE)|^NODE_COMPILE_CACHE/.test(name))).toEqual([]);
    expect(names).toContain("RAY_ADDRESS");
  });

  it.each(["_secret", "constructor", "toString", "setup", "nothing"])("keeps %s from callers", async (method) => {
    const { startProbe, call } = await startTestNode();
    const actor = await startProbe();
    await expect(call(actor.actorId, method)).rejects.toThrow(/Probe has no public method/);
  });

  it("gives its author's error to the caller", async () => {
    const { startProbe, call } = await startTestNode();
    const actor = await startProbe();
    await expect(call(actor.actorId, "fail")).rejects.toMatchObject({ code: "user_error", remote: { name: "RangeError" } });
    expect(await call(actor.actorId, "echo", 1)).toEqual([1]);
  });

  it("that cannot be made is reported with its author's error and stack", async () => {
    const { startProbe, report } = await startTestNode();
    const actor = await startProbe({}, "throws");
    const { cause } = await report(actor.actorId, "exited");
    expect(cause.kind).toBe("CREATION_FAILED");
    expect(cause.message).toMatch(/TypeError: no luck today\n\s+at new Probe/);
  });

  it.each([
    [{ bundleId: "0".repeat(64), exportName: "Probe" }, /has no bundle/],
    [{ bundleId: "short", exportName: "Probe" }, /bundleId must be 64/],
    [{ exportName: "Probe" }, /arguments of the actor: .*bundleId/s],
  ])("with bad arguments fails with the reason: %j", async (args, message) => {
    const { gcs, node, report } = await startTestNode();
    const actor = actorRecord({ className: "Probe", entry: { module: "user-actor", args } });
    await gcs.agent(node.nodeId).startActor({ actor });
    expect((await report(actor.actorId, "exited")).cause).toMatchObject({
      kind: "CREATION_FAILED",
      message: expect.stringMatching(message) as string,
    });
  });

  it.each([
    ["crash", { kind: "CRASHED", exitCode: 1 }, /Error: wild/],
    ["reject", { kind: "CRASHED", exitCode: 1 }, /nobody caught me/],
  ])("that ends by %s is reported with its last words", async (method, cause, message) => {
    const { startProbe, report, call } = await startTestNode();
    const actor = await startProbe();
    await call(actor.actorId, method);
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
    await gcs.agent(node.nodeId).startActor({ actor });
    await report(actor.actorId, "ready");
    await gcs.agent(node.nodeId).startActor({ actor });
    expect(listLocalNodes(dir)[0]?.groups).toHaveLength(1);
  });

  it("gives way to its next life", async () => {
    const { gcs, node, startProbe, report } = await startTestNode();
    const actor = await startProbe();
    const { pid } = await report(actor.actorId, "ready");
    gcs.reports.length = 0;
    await gcs.agent(node.nodeId).startActor({ actor: { ...actor, restarts: 1 } });
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
    await agent.stopActor({ actorId: gentle.actorId, graceMs: 5_000, force: false, reason: "scaled down" });
    expect(await slow).toBe("done");
    expect((await report(gentle.actorId, "exited")).cause).toMatchObject({ kind: "KILLED", message: "scaled down", exitCode: 0 });
    const forced = await startProbe();
    const child = (await call(forced.actorId, "addChild")) as number;
    await agent.stopActor({ actorId: forced.actorId, graceMs: 0, force: true, reason: "killed" });
    expect((await report(forced.actorId, "exited")).cause).toMatchObject({ kind: "KILLED", signal: "SIGKILL" });
    await waitGone([child], 2_000);
    await agent.stopActor({ actorId: newActorId(), graceMs: 0, force: true, reason: "unknown ones have ended" });
  });

  it("takes its descendants along when it crashes", async () => {
    const { startProbe, report, call } = await startTestNode();
    const actor = await startProbe();
    const child = (await call(actor.actorId, "addChild")) as number;
    await call(actor.actorId, "crash");
    await report(actor.actorId, "exited");
    await waitGone([child], 2_000);
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

describe("the pool of a node", () => {
  const idle = (dir: string): number => listLocalNodes(dir)[0]?.groups.length ?? 0;

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
    const first = await waitFor(() => listLocalNodes(dir)[0]?.groups[0]?.pid, { what: "an idle worker", timeoutMs: 10_000 });
    process.kill(first, "SIGKILL");
    const other = (): boolean => listLocalNodes(dir)[0]?.groups.some(({ pid }) => pid !== first) ?? false;
    await waitFor(other, { what: "another one", timeoutMs: 10_000 });
  });

  it("starts directly what a burst needs, and fetches its code once", async () => {
    const { gcs, startProbe, report } = await startTestNode({ idleWorkers: 1 });
    const actors = await Promise.all(Array.from({ length: 5 }, () => startProbe()));
    const pids = await Promise.all(actors.map(async ({ actorId }) => (await report(actorId, "ready")).pid));
    expect(new Set(pids).size).toBe(5);
    expect(gcs.bundleLoads).toBe(1);
  });
});
