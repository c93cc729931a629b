import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { MantaError } from "../../base/errors.ts";
import { waitFor } from "../../base/wait.ts";
import { replicaService } from "../../protocol/replica.ts";
import { createClient } from "../../rpc/index.ts";
import { resetCodes } from "../../rpc/types.ts";
import type { Application } from "../api/application.ts";
import { getReplicaContext, getRequestContext } from "../api/context.ts";
import { deployment } from "../api/deployment.ts";
import { BackPressureError, RequestCancelledError, RequestTimeoutError } from "../api/errors.ts";
import type { Handle } from "../api/handle.ts";
import { type OpenedRequest, openRequest } from "./fixtures/http-opener.ts";
import { type NetworkOverride, ReplicaNetwork } from "./fixtures/replica-network.ts";
import { installWebGlobals } from "./http/web-globals.ts";

let uninstall: () => void;
beforeAll(() => {
  uninstall = installWebGlobals();
});
afterAll(() => uninstall());

const networks: ReplicaNetwork[] = [];
afterEach(async () => {
  for (const network of networks.splice(0)) await network.close();
});

const start = async (app: Application, overrides: Record<string, NetworkOverride> = {}): Promise<ReplicaNetwork> => {
  const network = await ReplicaNetwork.start(app, overrides);
  networks.push(network);
  return network;
};

const ask = async (network: ReplicaNetwork, name: string, body?: unknown, deadlineMs = 0): Promise<OpenedRequest> =>
  openRequest(await network.link(name), {
    method: "POST",
    target: "/",
    deadlineMs,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

const answerOf = async (network: ReplicaNetwork, name: string, body?: unknown): Promise<unknown> => {
  const answer = await (await ask(network, name, body)).answer;
  return answer.status === 200
    ? (JSON.parse(answer.body.toString()) as unknown)
    : [answer.status, answer.body.toString()];
};

/** State that the test and the "user code" of a test share. */
interface Probe {
  readonly events: string[];
  readonly gate: PromiseWithResolvers<void>;
}
const probe = (): Probe => ({ events: [], gate: Promise.withResolvers<void>() });

/** Waits until the user code said so. */
const sees = (shared: Probe, event: string): Promise<true> =>
  waitFor(() => shared.events.includes(event), { timeoutMs: 2_000, what: event });

class Store {
  readonly #probe: Probe;
  #factor = 1;
  constructor(shared: Probe) {
    this.#probe = shared;
  }
  reconfigure({ factor }: { factor: number }): void {
    this.#factor = factor;
  }
  times(amount: number): number {
    return amount * this.#factor;
  }
  echo<T>(value: T): T {
    return value;
  }
  nothing(): void {}
  fail(message: string): never {
    throw new TypeError(message);
  }
  async *count(limit: number): AsyncGenerator<number> {
    try {
      for (let index = 0; index < limit; index += 1) yield index;
      if (limit === 3) throw new RangeError("no more than three");
    } finally {
      this.#probe.events.push("count ended");
    }
  }
  *pairs(): Generator<[number, string]> {
    yield [1, "a"];
    yield [2, "b"];
  }
  async slow(): Promise<string> {
    this.#probe.events.push("slow began");
    await this.#probe.gate.promise;
    return "done";
  }
  async untilCanceled(): Promise<void> {
    this.#probe.events.push("waiting");
    const context = getRequestContext();
    await waitFor(() => context?.canceled, { timeoutMs: 2_000, what: "the cancel" });
    this.#probe.events.push("saw the cancel");
  }
  context(): unknown {
    const request = getRequestContext();
    return [request?.requestId, request?.multiplexedModelId, request?.remainingMs !== undefined];
  }
  _hidden(): string {
    return "hidden";
  }
  arrow = (name: string): string => `arrow ${name}`;
}

/** Runs the test's own code inside a replica, with a handle to the store. */
class Front {
  readonly store: Handle<Store>;
  readonly #work: (store: Handle<Store>, body: unknown) => unknown;
  constructor(store: Handle<Store>, work: (store: Handle<Store>, body: unknown) => unknown) {
    this.store = store;
    this.#work = work;
  }
  async fetch(request: Request): Promise<unknown> {
    const text = await request.text();
    return this.#work(this.store, text === "" ? undefined : JSON.parse(text));
  }
}

const front = (work: (store: Handle<Store>, body: unknown) => unknown, shared: Probe = probe()): Application =>
  deployment(Front).bind(deployment(Store, { userConfig: { factor: 3 } }).bind(shared), work);

const failureOf = async (promise: PromiseLike<unknown>): Promise<MantaError> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof MantaError) return error;
    throw error;
  }
  throw new Error("it did not fail");
};

describe("a handle call", () => {
  it("reaches the other deployment, configured", async () => {
    const network = await start(front((store, amount) => store.times(amount as number)));
    expect(await answerOf(network, "Front", 4)).toBe(12);
  });

  it("carries every structured value there and back", async () => {
    const values = {
      map: new Map<unknown, unknown>([
        ["a", 1],
        [2, { b: 3 }],
      ]),
      set: new Set([1, "x"]),
      date: new Date(5),
      big: 12n ** 30n,
      floats: new Float32Array([1.5, 2.5]),
      bytes: new Uint8Array([1, 2, 3]),
      large: new Uint8Array(300_000).fill(7),
      undef: undefined,
      nan: Number.NaN,
      text: "häß €",
    };
    const network = await start(
      front(async (store) => {
        const back = (await store.echo(values)) as typeof values;
        expect(back).toEqual(values);
        expect(back.floats).toBeInstanceOf(Float32Array);
        expect(await store.nothing()).toBeUndefined();
        expect(await store.echo(null)).toBeNull();
        return "same";
      }),
    );
    expect(await (await ask(network, "Front")).answer.then(({ body }) => body.toString())).toBe("same");
  });

  it("takes promises as arguments, the answers of other calls among them", async () => {
    const network = await start(front(async (store) => store.times(store.times(Promise.resolve(2)))));
    expect(await answerOf(network, "Front")).toBe(18);
  });

  it("brings the remote error with its message, name and stack", async () => {
    const network = await start(
      front(async (store) => {
        const error = await failureOf(store.fail("no such fruit"));
        return [
          error.code,
          error.message.includes("no such fruit"),
          error.remote?.name,
          error.remote?.stack?.includes("Store.fail"),
        ];
      }),
    );
    expect(await answerOf(network, "Front")).toEqual(["user_error", true, "TypeError", true]);
  });

  it("reaches public methods only", async () => {
    const network = await start(
      front(async (store) => {
        const any = store as unknown as Record<string, (...args: unknown[]) => PromiseLike<unknown>>;
        const codes = [];
        for (const name of ["missing", "reconfigure", "fetch", "shutdown", "store"]) {
          codes.push((await failureOf(any[name]!({ factor: 9 }))).code);
        }
        return [codes, await store.times(1), await store.arrow("x"), any["_hidden"] === undefined];
      }),
    );
    const codes = ["not_found", "not_found", "not_found", "not_found", "not_found"];
    expect(await answerOf(network, "Front")).toEqual([codes, 3, "arrow x", true]);
  });
});

describe("a call made for a request", () => {
  it("has the same id, model id, no later deadline", async () => {
    const network = await start(
      front(async (store) => {
        const own = getRequestContext()?.requestId;
        const [id, model, limited] = (await store.options({ multiplexedModelId: "m1" }).context()) as unknown[];
        return [id === own, model, limited];
      }),
    );
    expect(await answerOf(network, "Front")).toEqual([true, "m1", false]);
    const limited = await (await ask(network, "Front", null, 5_000)).answer;
    expect(JSON.parse(limited.body.toString())).toEqual([true, "m1", true]);
  });

  it("ends with deadline_exceeded when its time is up", async () => {
    const shared = probe();
    const network = await start(
      front(async (store) => {
        const error: unknown = await failureOf(store.options({ timeoutMs: 40 }).untilCanceled());
        return [error instanceof RequestTimeoutError, error instanceof BackPressureError];
      }, shared),
    );
    expect(await answerOf(network, "Front")).toEqual([true, false]);
    await sees(shared, "saw the cancel");
  });

  it("can be canceled", async () => {
    const shared = probe();
    const network = await start(
      front(async (store) => {
        const call = store.untilCanceled();
        await sees(shared, "waiting");
        call.cancel();
        call.cancel();
        const error: unknown = await failureOf(call);
        return [error instanceof RequestCancelledError, call.requestId.length > 0];
      }, shared),
    );
    expect(await answerOf(network, "Front")).toEqual([true, true]);
    await sees(shared, "saw the cancel");
  });

  it("is never sent when it was canceled while its arguments were awaited", async () => {
    const shared = probe();
    const network = await start(
      front(async (store) => {
        const argument = Promise.withResolvers<number>();
        const call = store.times(argument.promise);
        call.cancel();
        argument.resolve(1);
        return [(await failureOf(call)).code];
      }, shared),
    );
    expect(await answerOf(network, "Front")).toEqual(["canceled"]);
  });

  it("is canceled with the request that made it", async () => {
    const shared = probe();
    const network = await start(front((store) => store.untilCanceled(), shared));
    const request = await ask(network, "Front");
    await sees(shared, "waiting");
    request.stream.reset(resetCodes.canceled);
    await sees(shared, "saw the cancel");
    expect(shared.events).toEqual(["waiting", "saw the cancel"]);
  });

  it("calls a deployed function by the handle itself", async () => {
    class Caller {
      readonly greet: Handle<(name: string) => string>;
      constructor(greet: Handle<(name: string) => string>) {
        this.greet = greet;
      }
      async fetch(): Promise<unknown> {
        return [await this.greet("x")];
      }
    }
    const greeter = deployment((name: string) => `hello ${name}`, { name: "greeter" }).bind();
    const network = await start(deployment(Caller).bind(greeter));
    expect(await answerOf(network, "Caller")).toEqual(["hello x"]);
  });
});

describe("a streamed call", () => {
  it("gives the values of async and plain generators", async () => {
    const network = await start(
      front(async (store) => {
        const seen: unknown[] = [];
        for await (const value of store.count(2)) seen.push(value);
        for await (const pair of store.pairs()) seen.push(pair);
        return seen;
      }),
    );
    expect(await answerOf(network, "Front")).toEqual([0, 1, [1, "a"], [2, "b"]]);
  });

  it("ends with the generator's error, after its values", async () => {
    const network = await start(
      front(async (store) => {
        const seen: number[] = [];
        const read = async (): Promise<void> => {
          for await (const value of store.count(3)) seen.push(value);
        };
        const error = await failureOf(read());
        return [seen, error.remote?.name, error.rawMessage];
      }),
    );
    expect(await answerOf(network, "Front")).toEqual([[0, 1, 2], "RangeError", "no more than three"]);
  });

  it("waits for its reader, and ends the generator when the loop is left", async () => {
    const shared = probe();
    const network = await start(
      front(async (store) => {
        let sum = 0;
        for await (const value of store.count(1_000_000)) {
          sum += value;
          if (value === 500) break;
        }
        return sum;
      }, shared),
    );
    expect(await answerOf(network, "Front")).toBe(125_250);
    await sees(shared, "count ended");
  });

  it("says so when a plain value is read as a stream", async () => {
    const network = await start(
      front(async (store) => {
        const read = async (): Promise<void> => {
          for await (const value of store.times(1) as unknown as AsyncIterable<unknown>) expect(value).toBe("never");
        };
        return (await failureOf(read())).code;
      }),
    );
    expect(await (await ask(network, "Front")).answer.then(({ body }) => body.toString())).toBe("invalid_argument");
  });
});

const calling = async (override: NetworkOverride): Promise<unknown> => {
  const shared = probe();
  const network = await start(
    front(async (store) => [await store.slow().catch((error: MantaError) => error.code)], shared),
    {
      Store: override,
    },
  );
  const request = await ask(network, "Front");
  await sees(shared, "slow began");
  shared.gate.resolve();
  network.kill("Store");
  await network.add("Store");
  return JSON.parse((await request.answer).body.toString());
};

describe("a replica that dies with a call", () => {
  it("fails the call that may have run", async () => {
    expect(await calling({})).toEqual(["actor_died"]);
  });

  it("repeats it where the deployment says that it may", async () => {
    expect(await calling({ retryNonIdempotent: true })).toEqual(["done"]);
  });
});

describe("a replica", () => {
  it("refuses what is over max_ongoing_requests, on all its links together, and tells its load", async () => {
    const gate = Promise.withResolvers<void>();
    const app = deployment(() => gate.promise, { name: "Slow" }).bind();
    const network = await start(app, { Slow: { maxOngoingRequests: 2 } });
    const first = await ask(network, "Slow");
    const second = await ask(network, "Slow");
    const link = await network.link("Slow");
    const client = createClient(link, replicaService);
    await waitFor(async () => (await client.checkHealth({})).ongoing === 2, { timeoutMs: 2_000, what: "two requests" });
    await expect((await ask(network, "Slow")).answer).rejects.toThrow("rejected:2");
    await client.reconfigure({ userConfig: null, runUserReconfigure: false, maxOngoingRequests: 3 });
    const third = await ask(network, "Slow");
    await waitFor(async () => (await client.checkHealth({})).ongoing === 3, {
      timeoutMs: 2_000,
      what: "three requests",
    });
    gate.resolve();
    const loads = await Promise.all([first, second, third].map(async ({ answer }) => (await answer).load));
    expect(loads.toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
  });

  it("runs its hooks in order and knows where it is", async () => {
    const events: unknown[] = [];
    class Hooked {
      constructor() {
        events.push(["constructor", getReplicaContext().replicaTag]);
      }
      async setup(): Promise<void> {
        await delay(1);
        events.push("setup");
      }
      reconfigure(config: unknown): void {
        events.push(["reconfigure", config]);
      }
      checkHealth(): void {
        events.push("checkHealth");
      }
      async shutdown(): Promise<void> {
        events.push(["shutdown", getReplicaContext().servableObject === this]);
      }
    }
    const network = await start(deployment(Hooked, { userConfig: { a: 1 } }).bind());
    expect(events).toEqual([["constructor", "abcd0000"], "setup", ["reconfigure", { a: 1 }], "checkHealth"]);
    const client = createClient(await network.link("Hooked"), replicaService);
    await client.reconfigure({ userConfig: { a: 2 }, runUserReconfigure: true, maxOngoingRequests: 5 });
    const { args } = await client.metadata({});
    expect([args.userConfig, args.deployment]).toEqual([{ a: 2 }, "Hooked"]);
    await network.replica("Hooked").shutdown(1_000);
    expect(events.slice(4)).toEqual([
      ["reconfigure", { a: 2 }],
      ["shutdown", true],
    ]);
    expect(await answerOf(network, "Hooked").catch((error: Error) => error.message)).toBe("rejected:0");
  });
});

describe("a replica's health and start", () => {
  it("reports a failing health check with the user's message", async () => {
    let healthy = true;
    class Checked {
      checkHealth(): void {
        if (!healthy) throw new Error("the model is gone");
      }
    }
    const network = await start(deployment(Checked).bind());
    const client = createClient(await network.link("Checked"), replicaService);
    expect(await client.checkHealth({})).toEqual({ ongoing: 0 });
    healthy = false;
    await expect(client.checkHealth({})).rejects.toMatchObject({ code: "user_error", rawMessage: "the model is gone" });
  });

  it("does not start with a user_config that nobody takes, or when its constructor throws", async () => {
    class Plain {
      hello(): string {
        return "hello";
      }
    }
    await expect(ReplicaNetwork.start(deployment(Plain, { userConfig: {} }).bind())).rejects.toThrow(
      "user_config is given, but deployment Plain has no reconfigure method",
    );
    class Broken extends Plain {
      constructor() {
        super();
        throw new RangeError("no model");
      }
    }
    await expect(ReplicaNetwork.start(deployment(Broken).bind())).rejects.toThrow("no model");
  });
});

describe("a replica's ends", () => {
  it("without fetch answers 404 over HTTP", async () => {
    const network = await start(deployment(Store).bind(probe()));
    expect(await answerOf(network, "Store")).toEqual([
      404,
      "Deployment Store has no fetch method: it can be called by handle only.",
    ]);
  });

  it("finishes what is under way before it shuts down, within the grace", async () => {
    const gate = Promise.withResolvers<void>();
    const app = deployment(async () => gate.promise.then(() => 1), { name: "Slow" }).bind();
    const network = await start(app);
    const open = await ask(network, "Slow");
    const slow = createClient(await network.link("Slow"), replicaService);
    await waitFor(async () => (await slow.checkHealth({})).ongoing === 1, { timeoutMs: 2_000, what: "the request" });
    let over = false;
    const shutdown = network
      .replica("Slow")
      .shutdown(5_000)
      .then(() => (over = true));
    await expect((await ask(network, "Slow")).answer).rejects.toThrow("rejected:");
    expect(over).toBe(false);
    gate.resolve();
    expect((await open.answer).status).toBe(200);
    await shutdown;
    const stuck = await start(deployment(() => new Promise(() => undefined), { name: "Stuck" }).bind());
    await ask(stuck, "Stuck");
    const client = createClient(await stuck.link("Stuck"), replicaService);
    await waitFor(async () => (await client.checkHealth({})).ongoing === 1, { timeoutMs: 2_000, what: "the request" });
    await stuck.replica("Stuck").shutdown(30);
  });
});
