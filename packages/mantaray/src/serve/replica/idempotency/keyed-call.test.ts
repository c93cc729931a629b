import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { MantaError } from "../../../base/errors.ts";
import { waitFor } from "../../../base/wait.ts";
import { requestFlags } from "../../../protocol/http-frames.ts";
import { type Link, resetCodes } from "../../../rpc/types.ts";
import { deployment } from "../../api/deployment.ts";
import { type OpenedAnswer, type OpenedRequest, openRequest } from "../fixtures/http-opener.ts";
import { type NetworkOptions, ReplicaNetwork } from "../fixtures/replica-network.ts";
import { installWebGlobals } from "../http/web-globals.ts";

let uninstall: () => void;
const directory = mkdtempSync(join(tmpdir(), "manta-keyed-"));
const networks: ReplicaNetwork[] = [];
let files = 0;

beforeAll(() => {
  uninstall = installWebGlobals();
});
afterEach(async () => {
  for (const network of networks.splice(0)) await network.close();
});
afterAll(() => {
  uninstall();
  rmSync(directory, { recursive: true, force: true });
});

type Handler = (request: Request) => unknown;

/** Two replicas of one deployment with one store. */
const serve = async (handler: Handler, options: NetworkOptions = {}): Promise<ReplicaNetwork> => {
  files += 1;
  const keysFile = join(directory, `keys-${files}.db`);
  const network = await ReplicaNetwork.start(deployment(handler, { name: "Pay" }).bind(), {}, { keysFile, ...options });
  networks.push(network);
  await network.add("Pay");
  return network;
};

interface Parts {
  readonly key?: string;
  readonly body?: string;
  readonly retry?: boolean;
  readonly target?: string;
  readonly user?: string;
}

const open = (link: Link, { key = "k", body = "1", retry = false, target = "/pay", user = "u" }: Parts = {}) =>
  openRequest(link, {
    method: "POST",
    target,
    flags: requestFlags.keyed | (retry ? requestFlags.retry : 0),
    fields: [
      ["host", "test"],
      ["authorization", user],
      ["idempotency-key", key],
    ],
    body,
  });

const post = async (link: Link, parts: Parts = {}): Promise<OpenedAnswer> => open(link, parts).answer;

const reasonOf = ({ status, fields }: OpenedAnswer): unknown => [
  status,
  fields["x-manta-reason"],
  fields["retry-after"],
];

/** A handler that counts its runs and ends when it is told. */
const gated = () => {
  const gate = Promise.withResolvers<void>();
  const state = { runs: 0, gate };
  const handler = async (request: Request): Promise<Response> => {
    state.runs += 1;
    const { runs } = state;
    const body = await request.text();
    await gate.promise;
    return new Response(`paid ${body}, run ${runs}`, { status: 201, headers: { "x-own": "1" } });
  };
  return { state, handler };
};

const begun = (state: { runs: number }, count = 1): Promise<unknown> =>
  waitFor(() => state.runs === count, { timeoutMs: 5_000, what: `run ${count}` });

describe("a request with an Idempotency-Key", () => {
  it("runs once: the same key gives the same answer, at every replica", async () => {
    const { state, handler } = gated();
    state.gate.resolve();
    const network = await serve(handler);
    const first = await post(await network.link("Pay"));
    const second = await post(await network.link("Pay", 1));
    for (const answer of [first, second]) {
      expect([answer.status, answer.body.toString(), answer.fields["x-own"]]).toEqual([201, "paid 1, run 1", "1"]);
    }
    expect(first.fields["idempotency-replayed"]).toBeUndefined();
    expect(second.fields["idempotency-replayed"]).toBe("true");
    expect((await post(await network.link("Pay", 1), { key: "other" })).body.toString()).toBe("paid 1, run 2");
    // The same key in quotes, as structured fields have it.
    expect((await post(await network.link("Pay"), { key: '"k"' })).body.toString()).toBe("paid 1, run 1");
  });

  it("is told to come back while the first one runs, and then gets its answer", async () => {
    const { state, handler } = gated();
    const network = await serve(handler);
    const first = post(await network.link("Pay"));
    await begun(state);
    const link = await network.link("Pay", 1);
    expect(reasonOf(await post(link))).toEqual([409, "key_in_progress", "1"]);
    state.gate.resolve();
    expect((await first).status).toBe(201);
    expect((await post(link)).body.toString()).toBe("paid 1, run 1");
  });

  it.each([
    ["another body", { body: "2" }],
    ["another target", { target: "/refund" }],
    ["another client", { user: "v" }],
  ])("is refused with %s", async (_name, parts) => {
    const { state, handler } = gated();
    const network = await serve(handler);
    const link = await network.link("Pay");
    const first = post(link);
    await begun(state);
    expect(reasonOf(await post(link, parts))).toEqual([422, "key_reused", undefined]);
    state.gate.resolve();
    await first;
    expect(reasonOf(await post(link, parts))).toEqual([422, "key_reused", undefined]);
    expect(state.runs).toBe(1);
  });
});

describe("a request with a key that loses its caller or its replica", () => {
  it("goes on when its caller is gone, and its answer is there for the next", async () => {
    const { state, handler } = gated();
    let aborted = false;
    const network = await serve((request) => {
      request.signal.addEventListener("abort", () => {
        aborted = true;
      });
      return handler(request);
    });
    const gone: OpenedRequest = open(await network.link("Pay"));
    await begun(state);
    gone.stream.reset(resetCodes.canceled);
    const link = await network.link("Pay", 1);
    expect((await post(link)).status).toBe(409);
    state.gate.resolve();
    const answer = await waitFor(
      async () => {
        const { status, body } = await post(link);
        return status === 201 && body.toString();
      },
      { timeoutMs: 5_000, what: "the answer" },
    );
    expect([answer, state.runs, aborted]).toEqual(["paid 1, run 1", 1, false]);
  });

  it("waits for the answer where it is a repetition of ours", async () => {
    const { state, handler } = gated();
    const network = await serve(handler);
    const first = post(await network.link("Pay"));
    await begun(state);
    const repeated = post(await network.link("Pay", 1), { retry: true });
    state.gate.resolve();
    expect((await repeated).body.toString()).toBe("paid 1, run 1");
    await first;
    expect(state.runs).toBe(1);
  });

  it("runs again once the replica that had it is known to be dead", async () => {
    const { state, handler } = gated();
    const network = await serve(handler);
    const lost = post(await network.link("Pay"));
    await begun(state);
    const repeated = post(await network.link("Pay", 1), { retry: true });
    network.kill("Pay");
    await expect(lost).rejects.toThrow("reset:");
    await begun(state, 2);
    state.gate.resolve();
    expect((await repeated).body.toString()).toBe("paid 1, run 2");
  });
});

describe("the answer to a request with a key", () => {
  it("may be asked for again after an error of the server, thrown or answered", async () => {
    let runs = 0;
    const network = await serve(() => {
      runs += 1;
      if (runs === 1) throw new Error("boom");
      if (runs === 2) throw new MantaError("queue_full", "full");
      return new Response("no", { status: runs === 3 ? 502 : 400 });
    });
    const link = await network.link("Pay");
    const statuses: number[] = [];
    for (let count = 0; count < 6; count += 1) statuses.push((await post(link)).status);
    expect([statuses, runs]).toEqual([[500, 503, 502, 400, 400, 400], 4]);
  });

  it("is kept whole where it is streamed, and where it is too long that is said", async () => {
    const network = await serve(async function* (request: Request) {
      yield "a";
      yield new URL(request.url).pathname === "/long" ? "b".repeat(2_000) : "b";
    });
    const link = await network.link("Pay");
    expect((await post(link)).body.toString()).toBe("ab");
    expect((await post(link)).body.toString()).toBe("ab");
    expect((await post(link, { key: "long", target: "/long" })).body).toHaveLength(2_001);
    const again = await post(link, { key: "long", target: "/long" });
    expect(reasonOf(again)).toEqual([409, "answer_not_kept", undefined]);
    expect(again.body.toString()).toContain("2001 bytes");
  });

  it.each(["", '"', '"a', "a".repeat(256), "ä"])("is a refusal to the malformed key %j", async (key) => {
    const network = await serve(() => "never");
    expect(reasonOf(await post(await network.link("Pay"), { key }))).toEqual([400, "invalid_argument", undefined]);
  });

  it("is a refusal to a body that is too long to compare", async () => {
    const network = await serve(() => "never");
    const body = "x".repeat(9 * 1024 * 1024);
    expect(reasonOf(await post(await network.link("Pay"), { body }))).toEqual([413, "payload_too_large", undefined]);
  });
});

describe("a request with a key whose store is away", () => {
  const keysFile = directory;

  it("is refused, and does not run", async () => {
    let runs = 0;
    const network = await serve(() => (runs += 1), { keysFile });
    expect(reasonOf(await post(await network.link("Pay")))).toEqual([503, "unavailable", "2"]);
    expect(runs).toBe(0);
  });

  it("runs all the same where its deployment says so", async () => {
    let runs = 0;
    const network = await serve(() => (runs += 1), { keysFile, idempotency: { failOpen: true } });
    expect((await post(await network.link("Pay"))).body.toString()).toBe("1");
    expect((await post(await network.link("Pay"))).body.toString()).toBe("2");
  });
});
