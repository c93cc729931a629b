import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { fileURLToPath } from "node:url";
import { within } from "./ip.ts";

/** A way from the test's own network into a namespace, for control calls. Load belongs into a process over there. */
export class Relay {
  readonly #path: string;
  readonly #servers = new Map<string, Promise<Server>>();

  private constructor(path: string) {
    this.#path = path;
  }

  /** Starts its end in the namespace; `path` is a unix socket for it alone. */
  static async start(namespace: string, path: string): Promise<Relay> {
    const program = fileURLToPath(new URL("relay-process.ts", import.meta.url));
    const [command, ...args] = within(namespace, [process.execPath, program, path]);
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    child.stdin.on("error", () => undefined);
    await Promise.race([
      once(child.stdout, "data"),
      once(child, "exit").then(() => Promise.reject(new Error("the relay did not start"))),
    ]);
    child.unref();
    return new Relay(path);
  }

  /** `127.0.0.1:port` that leads to `host:port` over there. */
  async to(host: string, port: number): Promise<string> {
    const key = `${host} ${port}`;
    const opening = this.#servers.get(key) ?? this.#open(key);
    this.#servers.set(key, opening);
    return `127.0.0.1:${((await opening).address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const server of await Promise.all(this.#servers.values())) server.close();
  }

  async #open(target: string): Promise<Server> {
    const server = createServer((outer) => {
      const inner = connect({ path: this.#path });
      for (const [socket, other] of [
        [outer, inner],
        [inner, outer],
      ] as const) {
        socket.on("error", () => other.destroy());
        socket.on("close", () => other.destroy());
      }
      inner.write(`${target}\n`);
      outer.pipe(inner);
      inner.pipe(outer);
    });
    server.listen(0, "127.0.0.1").unref();
    await once(server, "listening");
    return server;
  }
}
