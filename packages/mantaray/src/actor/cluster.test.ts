import { describe, expect, it, onTestFinished } from "vitest";
import { MantaError } from "../base/errors.ts";
import { type ActorRecord } from "../protocol/actor.ts";
import { type InvokeHead, invokeHeadSchema } from "../protocol/handle-frames.ts";
import { type Link, streamKinds } from "../rpc/index.ts";
import { actorRecord, FakeCluster } from "./fixtures/fake-cluster.ts";
import { type Cluster, connect, packValue, unpackValue } from "./index.ts";

const token = "secret";

const start = async (): Promise<{ fake: FakeCluster; cluster: Cluster }> => {
  const fake = new FakeCluster(token);
  await fake.startGcs();
  const cluster = await connect({ addresses: [fake.address], token });
  onTestFinished(async () => {
    await cluster.close();
    await fake.close();
  });
  return { fake, cluster };
};

/** Answers `invoke` streams by a function of the call's head and arguments. */
const answerCalls = (link: Link, answer: (head: InvokeHead, args: unknown) => unknown): void => {
  link.accept(streamKinds.invoke, (stream, headBytes, body, end) => {
    const head = invokeHeadSchema.parse(unpackValue(headBytes));
    const chunks = [Buffer.from(body)];
    const run = (): void => {
      try {
        const value = packValue(answer(head, unpackValue(Buffer.concat(chunks))));
        stream.respond(packValue({ ok: true }), null, false);
        for (let at = 0; at < value.length; at += 60_000) stream.write(value.subarray(at, at + 60_000));
        stream.end();
      } catch (error) {
        stream.respond(packValue({ ok: false, error: MantaError.from(error, "user_error").toWire() }), null, true);
      }
    };
    return {
      onStart: () => end && run(),
      onData: (chunk) => chunks.push(Buffer.from(chunk)),
      onEnd: run,
      onReset: () => undefined,
      onWritable: () => undefined,
    };
  });
};

const alive = async (fake: FakeCluster, onLink: (link: Link) => void): Promise<ActorRecord> => {
  const addresses = await fake.startProcess(onLink);
  const actor = actorRecord({ className: "Counter", name: "counter" }, { addresses });
  fake.actors = [actor];
  return actor;
};

describe("calls of an actor", () => {
  it("arrive with arguments and answers of every kind of value", async () => {
    const { fake, cluster } = await start();
    await alive(fake, (link) => answerCalls(link, (head, args) => ({ method: head.method, args })));
    const handle = await cluster.getActor("counter");
    const value = [new Map([["a", new Set([1])]]), new Float64Array([1.5]), new Date(7), undefined, 2n ** 70n];
    expect(await handle.call("add", ...value)).toEqual({ method: "add", args: value });
  });

  it("may be larger than a frame and than a stream's window both ways", async () => {
    const { fake, cluster } = await start();
    await alive(fake, (link) => answerCalls(link, (_, args) => (args as string[])[0]));
    const handle = await cluster.getActor("counter");
    const large = "x".repeat(200_000);
    expect(await handle.call("echo", large)).toBe(large);
  });

  it("throw what the method threw, with the code and the author's stack", async () => {
    const { fake, cluster } = await start();
    await alive(fake, (link) =>
      answerCalls(link, () => {
        throw new RangeError("too many");
      }),
    );
    const handle = await cluster.getActor("counter");
    await expect(handle.call("add")).rejects.toMatchObject({
      code: "user_error",
      rawMessage: "too many",
      remote: { name: "RangeError" },
    });
  });

  it("end with deadline_exceeded when the method does not answer, and with canceled by the signal", async () => {
    const { fake, cluster } = await start();
    const silent = {
      onStart: () => undefined,
      onData: () => undefined,
      onEnd: () => undefined,
      onReset: () => undefined,
      onWritable: () => undefined,
    };
    await alive(fake, (link) => link.accept(streamKinds.invoke, () => silent));
    const handle = await cluster.getActor("counter");
    await expect(handle.callWith({ timeoutMs: 50 }, "hang")).rejects.toMatchObject({ code: "deadline_exceeded" });
    const abort = new AbortController();
    const call = handle.callWith({ signal: abort.signal }, "hang");
    abort.abort();
    await expect(call).rejects.toMatchObject({ code: "canceled" });
  });

  it("share one link, and dial anew when the process moved", async () => {
    const { fake, cluster } = await start();
    let links = 0;
    const count = (link: Link): void => {
      links += 1;
      answerCalls(link, () => links);
    };
    const actor = await alive(fake, count);
    const handle = await cluster.getActor("counter");
    await Promise.all([handle.call("a"), handle.call("b"), handle.call("c")]);
    expect(links).toBe(1);
    fake.change(actor.actorId, { addresses: await fake.startProcess(count) });
    expect(await handle.call("d")).toBe(2);
  });

  it("say that a restarting actor is unavailable and a dead one died", async () => {
    const { fake, cluster } = await start();
    const actor = await alive(fake, () => undefined);
    const handle = await cluster.getActor("counter");
    fake.change(actor.actorId, { state: "RESTARTING", addresses: null });
    await expect(handle.call("x")).rejects.toMatchObject({ code: "unavailable" });
    fake.change(actor.actorId, { state: "DEAD", deathCause: { kind: "KILLED", message: "killed by a test" } });
    await expect(handle.call("x")).rejects.toThrow(/killed by a test/);
  });
});

describe("finding, waiting for and killing actors", () => {
  it("finds no dead actor by name", async () => {
    const { fake, cluster } = await start();
    fake.actors = [actorRecord({ className: "A", name: "a" }, { state: "DEAD" })];
    await expect(cluster.getActor("a")).rejects.toMatchObject({ code: "not_found" });
    await expect(cluster.getActor("b")).rejects.toMatchObject({ code: "not_found" });
  });

  it("waits for a state, and says why an actor is still pending when it gives up", async () => {
    const { fake, cluster } = await start();
    const handle = await cluster.createActor({
      className: "A",
      jobId: actorRecord({ className: "A" }).spec.jobId,
      entry: { module: "user-actor", args: {} },
    });
    fake.change(handle.actorId, { pendingReason: "no node has CPU: 2" });
    await expect(cluster.waitForActor(handle.actorId, ["ALIVE"], { timeoutMs: 60 })).rejects.toThrow(
      /no node has CPU: 2/,
    );
    const waiting = cluster.waitForActor(handle.actorId, ["ALIVE"], { timeoutMs: 5_000 });
    fake.change(handle.actorId, { state: "ALIVE" });
    expect((await waiting).state).toBe("ALIVE");
  });

  it("kills with and without a restart", async () => {
    const { fake, cluster } = await start();
    const actor = await alive(fake, () => undefined);
    const handle = await cluster.getActor("counter");
    await handle.kill({ noRestart: false });
    await cluster.kill(handle, { noRestart: true });
    expect(fake.kills).toEqual([
      { actorId: actor.actorId, noRestart: false },
      { actorId: actor.actorId, noRestart: true },
    ]);
  });

  it("finds a control store that was restarted", async () => {
    const { fake, cluster } = await start();
    await fake.stopGcs();
    const asking = cluster.gcs.listNodes({}, { timeoutMs: 10_000 }).catch(() => cluster.gcs.listNodes({}));
    await fake.startGcs();
    expect((await asking).nodes).toEqual([]);
  });
});

describe("connect", () => {
  it("gives up with unavailable where nobody listens", async () => {
    await expect(connect({ addresses: ["127.0.0.1:1"], token, timeoutMs: 200 })).rejects.toMatchObject({
      code: "unavailable",
    });
  });

  it("refuses to go on with the wrong token", async () => {
    const { fake } = await start();
    await expect(connect({ addresses: [fake.address], token: "wrong", timeoutMs: 300 })).rejects.toThrow(/token/);
  });
});
