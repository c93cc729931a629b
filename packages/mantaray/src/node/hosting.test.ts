import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { invoke } from "../actor/invoke.ts";
import { dial } from "../rpc/index.ts";
import { actorRecord } from "./fixtures/fake-gcs.ts";
import { startTestNode } from "./fixtures/test-node.ts";

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

  it("keeps from callers what is not a public method", async () => {
    const { startProbe, call } = await startTestNode();
    const actor = await startProbe();
    for (const method of ["_secret", "constructor", "toString", "setup", "nothing"]) {
      await expect(call(actor.actorId, method)).rejects.toThrow(/Probe has no public method/);
    }
  });

  it("gives its author's error to the caller", async () => {
    const { startProbe, call } = await startTestNode();
    const actor = await startProbe();
    await expect(call(actor.actorId, "fail")).rejects.toMatchObject({
      code: "user_error",
      remote: { name: "RangeError" },
    });
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
    await gcs.agent(node.nodeId).startActor({ epoch: 1, actor });
    expect((await report(actor.actorId, "exited")).cause).toMatchObject({
      kind: "CREATION_FAILED",
      message: expect.stringMatching(message) as string,
    });
  });
});
