import { connect, createServer, type Server, type Socket } from "node:net";
import type { KubeletLog } from "../kubelet/log.ts";
import { networkLimits } from "./limits.ts";
import type { Backend, ServicePort } from "./service-table.ts";

/**
 * One port of a Service: each connection goes to one backend, in turn. As kube-proxy: no second try when a backend
 * refuses (the client sees a reset), connections stay when their backend leaves the list, and without a backend the
 * port is closed. Client addresses and session affinity are not kept.
 */
export class ServiceProxy {
  readonly #log: KubeletLog;
  readonly #sockets = new Set<Socket>();
  #port: ServicePort;
  #server: Server | undefined;
  #retry: NodeJS.Timeout | undefined;
  #turn = 0;
  /** It was said that it cannot listen; the next tries are silent. */
  #isKnownBad = false;

  constructor(port: ServicePort, log: KubeletLog) {
    this.#port = port;
    this.#log = log;
    this.update(port);
  }

  /** New connections go by it. */
  update(port: ServicePort): void {
    this.#port = port;
    if (port.backends.length === 0) this.#close();
    else if (this.#server === undefined) this.#listen();
  }

  /** Whether it takes connections. */
  get isOpen(): boolean {
    return this.#server?.listening === true;
  }

  /** Also ends the connections; without that they live on until their ends close them. */
  close(endConnections: boolean): void {
    this.#close();
    if (endConnections) for (const socket of this.#sockets) socket.destroy();
  }

  #listen(): void {
    const { host, port, label } = this.#port;
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
    server.maxConnections = networkLimits.connectionsMax;
    server.on("error", (error) => {
      if (this.#server !== server) return;
      if (!this.#isKnownBad) this.#log.warn(`Service ${label} cannot listen on ${host}:${port}: ${error.message}`);
      this.#isKnownBad = true;
      this.#server = undefined;
      this.#retry = setTimeout(() => this.update(this.#port), networkLimits.listenRetryMs).unref();
    });
    this.#server = server;
    server.listen({ host, port });
  }

  #close(): void {
    clearTimeout(this.#retry);
    this.#server?.close();
    this.#server = undefined;
  }

  #accept(client: Socket): void {
    const { backends } = this.#port;
    const backend = backends[this.#turn++ % Math.max(1, backends.length)];
    if (backend === undefined) {
      client.resetAndDestroy();
      return;
    }
    this.#forward(client, backend);
  }

  #forward(client: Socket, { host, port }: Backend): void {
    const upstream = connect({ host, port, allowHalfOpen: true, noDelay: true });
    // Only until it is connected: a quiet connection may be as quiet as it likes.
    upstream.setTimeout(networkLimits.connectMs, () => upstream.destroy(new Error("the endpoint does not answer")));
    upstream.once("connect", () => upstream.setTimeout(0));
    this.#join(client, upstream);
    this.#join(upstream, client);
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.pipe(to);
    // The other side sees what this one saw: a reset.
    from.on("error", () => to.resetAndDestroy());
    from.on("close", () => {
      this.#sockets.delete(from);
      if (!from.readableEnded) to.destroy();
    });
  }
}
