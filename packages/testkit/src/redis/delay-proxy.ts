import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** Where a proxy listens and whom it fronts. */
export interface DelayProxyOptions {
  readonly host: string;
  /** 0 picks one. */
  readonly port: number;
  readonly target: { readonly host: string; readonly port: number };
}

/** A TCP proxy that can hold answers back or everything, so that a slow or cut network can be had without touching the server. */
export interface DelayProxy {
  readonly host: string;
  readonly port: number;
  /** What the target says arrives later by so much. */
  delayMs: number;
  /** Nothing passes any more; what is sent meanwhile waits. Connections stay open, new ones are accepted. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

/** Starts a proxy. */
export const startDelayProxy = async (options: DelayProxyOptions): Promise<DelayProxy> => {
  const proxy = new TcpProxy(options);
  await proxy.listen();
  return proxy;
};

class TcpProxy implements DelayProxy {
  delayMs = 0;
  readonly host: string;
  readonly #options: DelayProxyOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;
  #held: (() => void)[] = [];

  constructor(options: DelayProxyOptions) {
    this.#options = options;
    this.host = options.host;
    this.#server = createServer({ noDelay: true }, (client) => this.#pass(client));
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  async listen(): Promise<void> {
    this.#server.listen(this.#options.port, this.#options.host);
    await once(this.#server, "listening");
  }

  cut(): void {
    this.#isCut = true;
  }

  mend(): void {
    this.#isCut = false;
    for (const deliver of this.#held.splice(0)) deliver();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #pass(client: Socket): void {
    const target = connect({ ...this.#options.target, noDelay: true });
    for (const [from, to, isAnswer] of [
      [client, target, false],
      [target, client, true],
    ] as const) {
      this.#sockets.add(from);
      const deliver = (act: () => void): void => this.#deliver(isAnswer ? this.delayMs : 0, act);
      from.on("data", (chunk) => deliver(() => void (to.destroyed || to.write(chunk))));
      from.on("end", () => deliver(() => to.end()));
      from.on("error", () => deliver(() => to.resetAndDestroy()));
      from.on("close", () => {
        this.#sockets.delete(from);
        deliver(() => to.destroy());
      });
    }
  }

  #deliver(delayMs: number, act: () => void): void {
    if (this.#isCut) this.#held.push(act);
    else if (delayMs > 0) setTimeout(() => this.#deliver(0, act), delayMs);
    else act();
  }
}
