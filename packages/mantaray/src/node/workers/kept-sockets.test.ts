import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { waitFor } from "../../base/wait.ts";
import type { ActorRecord } from "../../protocol/actor.ts";
import { actorRecord } from "../fixtures/fake-gcs.ts";
import { startTestNode, type TestNode } from "../fixtures/test-node.ts";

/** What became of connections that were opened one after the other, each with one request on it. */
interface Tally {
  answered: number;
  refused: number;
  cut: number;
  longestMs: number;
}

/** Opens connections without a pause until stopped: a proxy's own health route answers. */
const knock = (host: string, port: number): { tally: Tally; stop: () => Promise<Tally> } => {
  const tally: Tally = { answered: 0, refused: 0, cut: 0, longestMs: 0 };
  const stopped = new AbortController();
  const loop = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const beganMs = performance.now();
      tally[await knockOnce(host, port)] += 1;
      tally.longestMs = Math.max(tally.longestMs, performance.now() - beganMs);
    }
  };
  const loops = Promise.all([loop(), loop(), loop(), loop()]);
  return {
    tally,
    stop: async () => {
      stopped.abort();
      await loops;
      return tally;
    },
  };
};

const knockOnce = (host: string, port: number): Promise<"answered" | "refused" | "cut"> =>
  new Promise((resolve) => {
    let text = "";
    const socket = connect({ host, port });
    socket.on("connect", () => socket.write("GET /-/healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"));
    socket.on("data", (bytes: Buffer) => (text += bytes.toString("latin1")));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code === "ECONNREFUSED" ? "refused" : "cut");
    });
    socket.on("close", () => resolve(text.startsWith("HTTP/1.1 ") ? "answered" : "cut"));
  });

const subnet = `127.77.${process.pid % 250}`;
let next = 1;

/** A proxy on a node of its own, at a loopback address of its own. */
const startProxy = async (): Promise<{ test: TestNode; actor: ActorRecord; host: string; port: number }> => {
  const test = await startTestNode({ idleWorkers: 2 });
  const [host, port] = [`${subnet}.${next++}`, 8_000];
  const entry = { module: "serve-proxy", args: { host, port } };
  const actor = actorRecord({ className: "HTTPProxyActor", maxRestarts: -1, stopGraceMs: 30_000, entry });
  await test.gcs.agent(test.node.nodeId).startActor({ epoch: test.gcs.epoch, actor });
  await test.report(actor.actorId, "ready");
  return { test, actor, host, port };
};

const readies = ({ gcs }: TestNode, actor: ActorRecord): number[] =>
  gcs.reports.flatMap((event) => (event.kind === "ready" && event.actorId === actor.actorId ? [event.pid] : []));

/** The control store's part of a restart. */
const restart = async (test: TestNode, actor: ActorRecord, restarts: number): Promise<void> => {
  const ended = (): number =>
    test.gcs.reports.filter(({ kind, actorId }) => kind === "exited" && actorId === actor.actorId).length;
  await waitFor(() => ended() >= restarts, { timeoutMs: 10_000, what: "the report of an end", intervalMs: 2 });
  await test.gcs.agent(test.node.nodeId).startActor({ epoch: test.gcs.epoch, actor: { ...actor, restarts } });
  await waitFor(() => readies(test, actor).length > restarts, { timeoutMs: 20_000, what: "the next proxy" });
};

describe("the listening socket of a proxy", { timeout: 90_000 }, () => {
  it("outlives a proxy that is killed: connections wait for the next one, and none is refused", async () => {
    const { test, actor, host, port } = await startProxy();
    const load = knock(host, port);
    for (let round = 1; round <= 3; round += 1) {
      const before = load.tally.answered;
      await waitFor(() => load.tally.answered > before + 50, { timeoutMs: 10_000, what: "answers" });
      process.kill(readies(test, actor)[round - 1] ?? 0, "SIGKILL");
      await restart(test, actor, round);
    }
    const tally = await load.stop();
    expect(tally.refused).toBe(0);
    // At most what was under way in the process that died.
    expect(tally.cut).toBeLessThanOrEqual(3 * 4);
    expect(tally.answered).toBeGreaterThan(150);
  });

  it("is handed over by a proxy that gets SIGTERM: nothing is refused and nothing cut", async () => {
    const { test, actor, host, port } = await startProxy();
    const load = knock(host, port);
    for (let round = 1; round <= 3; round += 1) {
      const before = load.tally.answered;
      await waitFor(() => load.tally.answered > before + 50, { timeoutMs: 10_000, what: "answers" });
      process.kill(readies(test, actor)[round - 1] ?? 0, "SIGTERM");
      await restart(test, actor, round);
    }
    expect(await load.stop()).toMatchObject({ refused: 0, cut: 0 });
  });

  it("is closed with a proxy that is stopped for good", async () => {
    const { test, actor, host, port } = await startProxy();
    expect(await knockOnce(host, port)).toBe("answered");
    const order = { epoch: test.gcs.epoch, actorId: actor.actorId, graceMs: 2_000, force: false, reason: "test" };
    await test.gcs.agent(test.node.nodeId).stopActor(order);
    await test.report(actor.actorId, "exited");
    expect(await knockOnce(host, port)).toBe("refused");
  });
});
