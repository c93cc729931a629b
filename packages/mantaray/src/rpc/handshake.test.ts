import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { MantaError } from "../base/errors.ts";
import { silentLog } from "../base/log.ts";
import { waitFor } from "../base/wait.ts";
import { dial } from "./dial.ts";
import { linkVersion } from "./handshake-messages.ts";
import { type LinkServer, listen } from "./listen.ts";
import type { Link } from "./types.ts";

const identity = { role: "worker", id: "w1" };

/** Listeners in a directory of their own. */
class Listeners {
  readonly directory = mkdtempSync(join(tmpdir(), "manta-dial-"));
  readonly links: Link[] = [];
  readonly #servers: LinkServer[] = [];

  constructor() {
    onTestFinished(async () => {
      for (const server of this.#servers) await server.close();
      rmSync(this.directory, { recursive: true, force: true });
    });
  }

  async start(addresses: string[], token = "secret"): Promise<LinkServer> {
    const server = await listen(addresses, {
      token,
      identity: { role: "agent", id: "n1" },
      log: silentLog,
      onLink: (link) => void this.links.push(link),
    });
    this.#servers.push(server);
    return server;
  }
}

const code = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise;
    return "no error";
  } catch (error) {
    return (error as MantaError).code;
  }
};

/** A message of the handshake, laid by hand. */
const message = (type: number, payload: Buffer): Buffer => {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(payload.length);
  return Buffer.concat([Buffer.from("mnta"), Buffer.from([linkVersion, type]), length, payload]);
};

describe("the handshake", () => {
  it("prove who is who on every address", async () => {
    const at = new Listeners();
    const server = await at.start([`unix:${at.directory}/l.sock`, "tcp:127.0.0.1:0", "tcp:[::1]:0"]);
    for (const address of server.addresses) {
      expect(address).not.toMatch(/:0$/);
      const link = await dial(address, { token: "secret", identity });
      expect(link.peer).toEqual({ role: "agent", id: "n1" });
    }
    await waitFor(() => at.links.length === 3, { timeoutMs: 5_000, what: "the links" });
    expect(at.links[0]?.peer).toEqual(identity);
  });

  it("refuse a wrong token and a missing one, both ways, and never send it", async () => {
    const at = new Listeners();
    const server = await at.start(["tcp:127.0.0.1:0"]);
    const address = server.addresses[0] as string;
    expect(await code(dial(address, { token: "wrong", identity }))).toBe("unauthenticated");
    expect(await code(dial(address, { token: "", identity }))).toBe("unauthenticated");
    expect(at.links).toHaveLength(0);
    const open = await at.start(["tcp:127.0.0.1:0"], "");
    expect(await code(dial(open.addresses[0] as string, { token: "secret", identity }))).toBe("unauthenticated");
    expect(await code(dial(open.addresses[0] as string, { token: "", identity }))).toBe("no error");
  });

  it("detect a listener that does not know the token", async () => {
    const at = new Listeners();
    const path = join(at.directory, "fake.sock");
    // Plays along: a challenge, then a welcome with a made-up proof.
    const fake = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => {
        socket.write(message(2, Buffer.concat([Buffer.alloc(32), Buffer.from([0, 1]), Buffer.from("xy")])));
        socket.once("data", () => socket.write(message(4, Buffer.alloc(32))));
      });
    });
    await new Promise<void>((resolve) => fake.listen(path, resolve));
    expect(await code(dial(`unix:${path}`, { token: "secret", identity }))).toBe("unauthenticated");
    fake.close();
  });
});

describe("dial and listen", () => {
  it("say what is wrong where nobody answers", async () => {
    const at = new Listeners();
    expect(await code(dial(`unix:${at.directory}/none.sock`, { token: "", identity }))).toBe("unavailable");
    expect(await code(dial("tcp:127.0.0.1:1", { token: "", identity }))).toBe("unavailable");
    for (const bad of ["tcp:nowhere", "http://x", "unix:relative", "tcp:h:99999"]) {
      expect(await code(dial(bad, { token: "", identity }))).toBe("invalid_argument");
    }
  });

  it("give up after the time given, or when told to", async () => {
    const at = new Listeners();
    const mute = createServer(() => {});
    const path = join(at.directory, "mute.sock");
    await new Promise<void>((resolve) => mute.listen(path, resolve));
    expect(await code(dial(`unix:${path}`, { token: "", identity, timeoutMs: 50 }))).toBe("deadline_exceeded");
    const stop = new AbortController();
    const dialing = code(dial(`unix:${path}`, { token: "", identity, signal: stop.signal }));
    stop.abort();
    expect(await dialing).toBe("canceled");
    expect(await code(dial(`unix:${path}`, { token: "", identity, signal: stop.signal }))).toBe("canceled");
    mute.close();
  });

  it("replace the socket of a dead process, and never that of a living one", async () => {
    const at = new Listeners();
    const address = `unix:${at.directory}/l.sock`;
    const path = join(at.directory, "l.sock");
    writeFileSync(path, "stale");
    const first = await at.start([address]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await code(at.start([address]))).toBe("already_exists");
    expect(await code(at.start(["tcp:127.0.0.1:0", address]))).toBe("already_exists");
    expect(await code(dial(address, { token: "secret", identity }))).toBe("no error");
    await first.close();
    expect(existsSync(path)).toBe(false);
    await at.start([address]);
    expect(await code(at.start([`unix:${at.directory}/${"x".repeat(120)}`]))).toBe("invalid_argument");
  });

  it("close every link with the listener", async () => {
    const at = new Listeners();
    const server = await at.start(["tcp:127.0.0.1:0"]);
    const link = await dial(server.addresses[0] as string, { token: "secret", identity });
    const reasons: string[] = [];
    link.onClose((reason) => reasons.push(reason));
    await server.close();
    await waitFor(() => link.closed, { timeoutMs: 5_000, what: "the close" });
    expect(reasons).toEqual(["the peer closed the link"]);
    link.onClose((reason) => reasons.push(reason));
    await waitFor(() => reasons.length === 2, { timeoutMs: 5_000, what: "the late listener" });
  });
});
