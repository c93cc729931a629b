import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { pipeline } from "node:stream";
import { TrafficRules } from "./traffic-rules.ts";

/** Headers of one connection, which are not passed on (RFC 9110, section 7.6.1). */
const hopByHop = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

/**
 * One port of a Gateway: divides requests among Services. No second tries, and a connection of its own for each request,
 * so that what a client sees is what the cluster did. No upgrades (WebSockets).
 */
export class GatewayListener {
  readonly #server: Server;
  #rules = new TrafficRules([]);

  private constructor() {
    this.#server = createServer((request, response) => this.#forward(request, response));
    // A connection that is closed while its next request is on the way would look like the cluster's fault.
    this.#server.keepAliveTimeout = 0;
  }

  /** Rejects where the address is taken, or not ours to listen on. */
  static async open(host: string, port: number): Promise<GatewayListener> {
    const listener = new GatewayListener();
    const server = listener.#server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port }, resolve);
    });
    return listener;
  }

  /** Each request from now on goes by them. */
  update(rules: TrafficRules): void {
    this.#rules = rules;
  }

  /** Takes no more and ends what is open. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #forward(request: IncomingMessage, response: ServerResponse): void {
    const target = request.url ?? "/";
    const backend = this.#rules.backendFor(target.split("?", 1)[0] ?? "/");
    if (backend === undefined) return refuse(response, 404, "no route");
    if (backend === "none" || backend.host === undefined) return refuse(response, 500, "no backend");
    const { host, port } = backend;
    const { method } = request;
    const upstream = httpRequest({
      host,
      port,
      ...(method === undefined ? {} : { method }),
      path: target,
      headers: passedOn(request),
      agent: false,
    });
    upstream.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage, passedOn(answer));
      pipeline(answer, response, (error) => {
        if (error) response.destroy();
      });
    });
    upstream.on("error", (error) => {
      if (response.headersSent) response.destroy();
      else refuse(response, 503, error.message);
    });
    response.on("close", () => upstream.destroy());
    request.pipe(upstream);
  }
}

const passedOn = ({ headers }: IncomingMessage): IncomingMessage["headers"] => {
  const named = (headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  const dropped = new Set([...hopByHop, ...named]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
};

const refuse = (response: ServerResponse, status: number, why: string): void => {
  response.writeHead(status, { "content-type": "text/plain" }).end(`gateway: ${why}\n`);
};
