import { closeSync, openSync, readdirSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { waitFor } from "../base/wait.ts";
import { AcceptLedger } from "./accept-ledger.ts";
import type { FramedLink } from "./framed-link.ts";
import { openLinks } from "./testing/links.ts";
import { OutRecorder } from "./testing/recorders.ts";
import { openFlags, streamKinds } from "./types.ts";

const mark = Buffer.from("mark of this link");
const nothing = (): void => undefined;
const must = openFlags.end | openFlags.acceptRequired;

/** Both ends; undefined where the machine has no place for one. */
const openBoth = (): [AcceptLedger, AcceptLedger] | undefined => {
  const dialer = AcceptLedger.create(mark);
  if (dialer === undefined) return undefined;
  const listener = AcceptLedger.open(dialer.handle, mark);
  if (listener === undefined) throw new Error("made, but not found");
  onTestFinished(() => {
    dialer.close();
    listener.close();
  });
  return [dialer, listener];
};

describe.skipIf(process.platform !== "linux")("a ledger of acceptances", () => {
  it("tells each end what the other decided, and has no name", () => {
    const before = readdirSync("/dev/shm").filter((name) => name.includes("manta"));
    const [dialer, listener] = openBoth()!;
    expect(dialer.count()).toBe(0);
    expect(listener.record(7)).toBe(true);
    expect(dialer.record(0xffffffff)).toBe(true);
    expect([dialer.count(), listener.count()]).toEqual([7, 0xffffffff]);
    expect(readdirSync("/dev/shm").filter((name) => name.includes("manta"))).toEqual(before);
  });

  it("lets nothing begin behind the back of who gave the link up", () => {
    const [dialer, listener] = openBoth()!;
    expect(listener.record(3)).toBe(true);
    expect(dialer.seal()).toBe(3);
    expect(listener.record(4)).toBe(false);
    // The seal is on one direction only.
    expect(dialer.record(1)).toBe(true);
    listener.close();
    expect(listener.record(5)).toBe(false);
  });

  it("does not take the file of somebody else", () => {
    const [dialer] = openBoth()!;
    expect(AcceptLedger.open(dialer.handle, Buffer.from("mark of another"))).toBeUndefined();
    expect(AcceptLedger.open({ pid: process.pid, file: 99_999 }, mark)).toBeUndefined();
    const other = openSync("/dev/null", "r+");
    expect(AcceptLedger.open({ pid: process.pid, file: other }, mark)).toBeUndefined();
    closeSync(other);
  });

  it("is what links over a unix socket have, and no others", async () => {
    for (const [kind, expected] of [["unix", true] as const, ["tcp", false] as const, ["memory", false] as const]) {
      const { dialed, accepted } = await openLinks(kind);
      expect([dialed, accepted].map((link) => (link as FramedLink).ledger !== undefined)).toEqual([expected, expected]);
    }
  });
});

describe.skipIf(process.platform !== "linux")("an opener that closes the link itself", () => {
  it("hears of every stream that the living acceptor starts", async () => {
    for (let round = 0; round < 20; round += 1) {
      const started = new Set<string>();
      const links = await openLinks("unix", {
        setup: (link) =>
          link.accept(streamKinds.invoke, (_stream, head) => {
            const name = head.toString();
            return {
              onStart: () => void started.add(name),
              onData: nothing,
              onEnd: nothing,
              onReset: nothing,
              onWritable: nothing,
            };
          }),
      });
      const outs = new Map<string, OutRecorder>();
      const open = (name: string): void => {
        const out = new OutRecorder();
        outs.set(name, out);
        links.dialed.open(streamKinds.invoke, must, 0, Buffer.from(name), null, out);
      };
      open("first");
      open("second");
      // One turn for the frames to leave, and some more or less for the other end to read them.
      for (let turn = 0; turn <= round % 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      open("third");
      links.dialed.close("enough");
      await waitFor(() => links.accepted.closed, { timeoutMs: 5_000, what: "the close", intervalMs: 1 });
      const denied = [...started].filter((name) => outs.get(name)?.reset?.accepted !== true);
      expect(denied).toEqual([]);
    }
  });
});
