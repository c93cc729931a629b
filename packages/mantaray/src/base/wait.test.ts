import { describe, expect, it } from "vitest";
import { FakeClock } from "./fake-clock.ts";
import { sleep, waitFor, withTimeout } from "./wait.ts";

describe("waitFor", () => {
  it("returns what the probe finds", async () => {
    const clock = new FakeClock();
    let calls = 0;
    const found = waitFor(() => (++calls === 3 ? "there" : undefined), {
      timeoutMs: 1_000,
      what: "it",
      intervalMs: 10,
      clock,
    });
    await clock.advance(100);
    await expect(found).resolves.toBe("there");
  });

  it("names the condition and keeps the probe's last error when time is up", async () => {
    const clock = new FakeClock();
    const failing = waitFor(() => Promise.reject(new Error("not yet")), {
      timeoutMs: 50,
      what: "the node to join",
      intervalMs: 10,
      clock,
    });
    await Promise.all([
      expect(failing).rejects.toMatchObject({
        code: "deadline_exceeded",
        message: expect.stringContaining("the node to join") as string,
        cause: expect.objectContaining({ message: "not yet" }) as Error,
      }),
      clock.advance(100),
    ]);
  });
});

describe("sleep", () => {
  it("ends early when its signal fires", async () => {
    const controller = new AbortController();
    const sleeping = sleep(new FakeClock(), 1_000, controller.signal);
    controller.abort();
    await expect(sleeping).rejects.toMatchObject({ code: "canceled" });
  });
});

describe("withTimeout", () => {
  it("says what took too long", async () => {
    const clock = new FakeClock();
    const slow = withTimeout(new Promise<never>(() => {}), 20, "the answer", clock);
    await Promise.all([expect(slow).rejects.toThrow(/the answer took longer than 20 ms/), clock.advance(20)]);
  });
});
