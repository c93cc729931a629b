import { describe, expect, it } from "vitest";
import { waitFor } from "../base/wait.ts";
import { rpcLimits } from "./limits.ts";
import { type LifeHost, LinkLife } from "./link-life.ts";
import { openLinks, wireKinds } from "./testing/links.ts";
import { Peer } from "./testing/peer.ts";
import { OutRecorder } from "./testing/recorders.ts";
import { openFlags, resetCodes, streamKinds } from "./types.ts";

const until = (what: string, probe: () => boolean): Promise<boolean> =>
  waitFor(probe, { timeoutMs: 15_000, what, intervalMs: 5 });
const { pulseMs, pingAfterMs, suspectAfterMs, cutAfterMs } = rpcLimits;

/** Notes what a life does, and beats by hand. */
class Host implements LifeHost {
  pings = 0;
  cuts = 0;
  unreachable = false;
  readonly changes: boolean[] = [];
  readonly life = new LinkLife(this);
  ping(): void {
    this.pings += 1;
  }
  onSuspectChange(suspect: boolean): void {
    this.changes.push(suspect);
  }
  onCut(): void {
    this.cuts += 1;
  }
  /** Beats for so long, the first of which takes note of what was heard before. */
  pass(ms: number): void {
    for (let beat = 0; beat < ms / pulseMs; beat += 1) this.life.beat(() => this.unreachable);
  }
}

describe("the life of a link", () => {
  it("asks after a while of silence, and not while anything comes", () => {
    const host = new Host();
    for (let beat = 0; beat < 100; beat += 1) {
      host.life.heard = true;
      host.pass(pulseMs);
    }
    expect(host.pings).toBe(0);
    host.pass(pingAfterMs - pulseMs);
    expect(host.pings).toBe(0);
    host.pass(pulseMs);
    expect(host.pings).toBe(1);
  });

  it("suspects who does not answer, for as long as that lasts, and never calls a busy one cut", () => {
    const host = new Host();
    host.pass(pulseMs + pingAfterMs + suspectAfterMs);
    expect(host.changes).toEqual([true]);
    host.pass(600_000);
    expect([host.changes, host.cuts]).toEqual([[true], 0]);
    host.life.heard = true;
    host.pass(pulseMs);
    expect(host.changes).toEqual([true, false]);
  });

  it("is cut when the kernel of the other machine does not answer either", () => {
    const host = new Host();
    host.unreachable = true;
    host.pass(pulseMs + pingAfterMs + cutAfterMs - pulseMs);
    expect(host.cuts).toBe(0);
    host.pass(pulseMs);
    expect(host.cuts).toBe(1);
  });
});

describe.each(["unix", "tcp"] as const)("a stopped peer, over %s", (kind) => {
  it("is suspect until it goes on, and keeps its link and streams", async () => {
    const peer = new Peer();
    const link = await peer.start(kind, "echo", "0");
    const changes: boolean[] = [];
    link.onSuspectChange((suspect) => void changes.push(suspect));
    const out = new OutRecorder();
    peer.freeze();
    const stoppedMs = performance.now();
    const stream = link.open(streamKinds.invoke, 0, 0, Buffer.from("h"), Buffer.from("body"), out);
    await until("the suspicion", () => link.suspect);
    expect(performance.now() - stoppedMs).toBeLessThan(3_000);
    await until("more than it takes to be cut", () => performance.now() - stoppedMs > cutAfterMs + 2_000);
    expect([link.closed, link.suspect, changes]).toEqual([false, true, [true]]);
    peer.thaw();
    await until("its return", () => !link.suspect);
    stream.end();
    await until("the answer", () => out.ends === 1);
    expect([out.reset, changes]).toEqual([undefined, [true, false]]);
  });
});

describe.each(wireKinds)("silence over %s", (kind) => {
  it("is nothing as long as the other loop turns, nor while our own stands still", async () => {
    const links = await openLinks(kind);
    const changes: boolean[] = [];
    links.dialed.onSuspectChange((suspect) => void changes.push(suspect));
    links.accepted.onSuspectChange((suspect) => void changes.push(suspect));
    const startMs = performance.now();
    const idleMs = pingAfterMs + suspectAfterMs + 4 * pulseMs;
    await until("an idle time", () => performance.now() - startMs > idleMs);
    while (performance.now() - startMs < 2 * idleMs) continue;
    await until("some beats more", () => performance.now() - startMs > 2 * idleMs + 3 * pulseMs);
    expect([changes, links.dialed.closed]).toEqual([[], false]);
  });
});

describe("a link closed by its opener", () => {
  it("counts what may have been accepted unheard as accepted, unless the dead peer's last words say otherwise", async () => {
    const must = openFlags.end | openFlags.acceptRequired;
    for (const told of [false, true]) {
      const peer = new Peer();
      const link = await peer.start("tcp", "open", "1");
      const out = new OutRecorder();
      link.open(streamKinds.invoke, must, 0, Buffer.from("h"), null, out);
      // It dies while it decides: nothing of it can have started.
      if (told) link.peerDied("test");
      else link.close("test");
      await until("the loss", () => out.ends === 1);
      expect(out.reset).toMatchObject({ code: resetCodes.linkLost, accepted: !told });
    }
  });
});
