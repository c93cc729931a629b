import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Clock } from "../../base/clock.ts";
import { waitFor } from "../../base/wait.ts";
import { replicaService } from "../../protocol/replica.ts";
import { createClient } from "../../rpc/index.ts";
import { resetCodes } from "../../rpc/types.ts";
import type { Application } from "../api/application.ts";
import { getRequestContext } from "../api/context.ts";
import { deployment } from "../api/deployment.ts";
import type { Handle } from "../api/handle.ts";
import { type OpenedRequest, openRequest } from "./fixtures/http-opener.ts";
import { ReplicaNetwork } from "./fixtures/replica-network.ts";
import { installWebGlobals } from "./http/web-globals.ts";
import { LoopStall } from "./loop-stall.ts";

let uninstall: () => void;
const networks: ReplicaNetwork[] = [];
beforeAll(() => {
  uninstall = installWebGlobals();
});
afterAll(() => uninstall());
afterEach(async () => {
  for (const network of networks.splice(0)) await network.close();
});

/** What the last deployment of the chain saw and did. */
const seen = { remainingMs: 0, ran: 0, reason: "" };

class Bottom {
  /** Waits for its signal. */
  async wait(): Promise<void> {
    const context = getRequestContext();
    seen.ran += 1;
    seen.remainingMs = context?.remainingMs ?? 0;
    await new Promise<void>((resolve) => {
      context?.signal.addEventListener("abort", () => {
        seen.reason = (context.signal.reason as Error).name;
        resolve();
      });
    });
  }
}

class Middle {
  readonly bottom: Handle<Bottom>;
  constructor(bottom: Handle<Bottom>) {
    this.bottom = bottom;
  }
  async pass(): Promise<void> {
    await this.bottom.wait();
  }
}

class Top {
  readonly middle: Handle<Middle>;
  constructor(middle: Handle<Middle>) {
    this.middle = middle;
  }
  async fetch(request: Request): Promise<string> {
    // Late on purpose: what is left counts, not what there was.
    await delay(Number(await request.text()));
    await this.middle.pass();
    return "done";
  }
}

const chain = (): Application => deployment(Top).bind(deployment(Middle).bind(deployment(Bottom).bind()));

const noBeat = (): void => undefined;

const block = (ms: number): void => {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs) continue;
};

const start = async (): Promise<ReplicaNetwork> => {
  Object.assign(seen, { remainingMs: 0, ran: 0, reason: "" });
  const network = await ReplicaNetwork.start(chain());
  networks.push(network);
  return network;
};

const ask = async (network: ReplicaNetwork, deadlineMs: number, delayMs: number) =>
  openRequest(await network.link("Top"), { method: "POST", target: "/", deadlineMs, body: String(delayMs) });

/** 408 may come from the replica, or from the proxy that hears of the reset: whichever is first. */
const statusOf = ({ answer }: OpenedRequest): Promise<number> =>
  answer.then(
    ({ status }) => status,
    (error: Error) => (error.message.startsWith(`reset:${resetCodes.deadlineExceeded}`) ? 408 : 0),
  );

describe("a request's deadline", () => {
  it("reaches the calls of its calls as the time that is left, and their signals", async () => {
    const network = await start();
    const request = await ask(network, 600, 200);
    expect(await statusOf(request)).toBe(408);
    await waitFor(() => seen.reason !== "", { timeoutMs: 5_000, what: "the signal" });
    expect(seen.remainingMs).toBeGreaterThan(100);
    expect(seen.remainingMs).toBeLessThanOrEqual(410);
    // The callee's own deadline, or the cancel by its caller whose time is up as well: whichever is first.
    expect(["TimeoutError", "AbortError"]).toContain(seen.reason);
  });

  it("is as good as a cancel: once it has passed no call is sent", async () => {
    const network = await start();
    const request = await ask(network, 100, 300);
    expect(await statusOf(request)).toBe(408);
    const client = createClient(await network.link("Top"), replicaService);
    await waitFor(async () => (await client.metadata({})).ongoing === 0, {
      timeoutMs: 5_000,
      what: "the handler's end",
    });
    expect(seen.ran).toBe(0);
  });
});

describe("what lay unread while the loop stood still", () => {
  it("is rejected where its deadline may have passed, counted, and does not run", async () => {
    const network = await start();
    const link = await network.link("Bottom");
    const send = (deadlineMs: number) => openRequest(link, { method: "GET", target: "/", deadlineMs });
    // Both ends live in this process: what is sent now is read after the stall.
    const [late, soon] = [send(500), send(60_000)];
    block(700);
    await expect(late.answer).rejects.toThrow(/rejected|reset/);
    expect((await soon.answer).status).toBe(404);
    const { expired } = await createClient(link, replicaService).metadata({});
    expect(expired).toBe(1);
  });

  it("is taken to have waited as long as the stall, for a moment after it", () => {
    let nowMs = 0;
    let beat = noBeat;
    const clock: Clock = {
      wallMs: () => nowMs,
      nowMs: () => nowMs,
      after: (_delayMs, callback) => {
        beat = callback;
        return { cancel: () => undefined };
      },
    };
    const stall = new LoopStall(clock);
    nowMs = 200;
    beat();
    nowMs = 350;
    expect(stall.unreadMaxMs()).toBe(0);
    // What comes first after a stall is either a read or the beat.
    nowMs = 5_200;
    expect(stall.unreadMaxMs()).toBe(5_000);
    beat();
    nowMs = 5_250;
    expect(stall.unreadMaxMs()).toBe(5_000);
    nowMs = 5_350;
    expect(stall.unreadMaxMs()).toBe(0);
    stall.close();
  });
});
