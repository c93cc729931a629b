import { describe, expect, it } from "vitest";
import type { GcsEvent } from "../../protocol/gcs.ts";
import { sampleActor, sampleNode } from "../../store/sample-records.ts";
import { Hub } from "./hub.ts";

const nodeEvent = (): GcsEvent => ({ kind: "node", node: sampleNode() });

describe("a subscription", () => {
  it("gives the present state, the mark, then every change of its topics", async () => {
    const hub = new Hub();
    const [present, change] = [nodeEvent(), nodeEvent()];
    const reader = hub.subscribe(["nodes"], () => [present], new AbortController().signal);
    expect((await reader.next()).value).toBe(present);
    // Between the state and the mark: not lost.
    hub.publish("nodes", change);
    hub.publish("actors", { kind: "actor", actor: sampleActor() });
    expect((await reader.next()).value).toEqual({ kind: "synced" });
    expect((await reader.next()).value).toBe(change);
    const next = reader.next();
    const later = nodeEvent();
    hub.publish("nodes", later);
    expect((await next).value).toBe(later);
    await reader.return();
    expect(hub.subscribers).toBe(0);
  });

  it("ends with its signal, also while it waits", async () => {
    const hub = new Hub();
    const cancel = new AbortController();
    const reader = hub.subscribe(["nodes"], () => [], cancel.signal);
    await reader.next();
    const next = reader.next();
    cancel.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(hub.subscribers).toBe(0);
  });

  it("of a slow reader is cut off with an error of its own, others are not", async () => {
    const hub = new Hub(3);
    const slow = hub.subscribe(["nodes"], () => [], new AbortController().signal);
    const quick = hub.subscribe(["nodes"], () => [], new AbortController().signal);
    await slow.next();
    await quick.next();
    for (let count = 0; count < 4; count += 1) {
      hub.publish("nodes", nodeEvent());
      await quick.next();
    }
    await expect(slow.next()).rejects.toMatchObject({ code: "resource_exhausted" });
    expect(hub.subscribers).toBe(1);
  });
});
