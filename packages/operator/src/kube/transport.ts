import { Agent, buildConnector, type Dispatcher } from "undici";
import type { ApiAccess } from "./access/api-access.ts";
import { kubeLimits } from "./limits.ts";

/** One HTTP request to the API server. */
export interface TransportRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With its query. */
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly signal: AbortSignal;
  /** A watch: of the pool for long answers, ended after this silence. */
  readonly silenceMs?: number;
}

/** Connections to one API server: TLS, who we are, keep-alive. */
export class Transport {
  readonly #access: ApiAccess;
  readonly #userAgent: string;
  readonly #origin: string;
  readonly #basePath: string;
  readonly #calls: Agent;
  readonly #watches: Agent;

  constructor(access: ApiAccess, userAgent: string) {
    this.#access = access;
    this.#userAgent = userAgent;
    const url = new URL(access.server);
    this.#origin = url.origin;
    this.#basePath = url.pathname.replace(/\/+$/, "");
    const shared = { allowH2: false, pipelining: 1, connect: this.#connector() };
    this.#calls = new Agent({ ...shared, connections: kubeLimits.connectionsMax });
    this.#watches = new Agent({ ...shared, connections: kubeLimits.watchesMax });
  }

  async request(request: TransportRequest): Promise<Dispatcher.ResponseData> {
    const { body, contentType, silenceMs } = request;
    const response = await (silenceMs === undefined ? this.#calls : this.#watches).request({
      origin: this.#origin,
      path: this.#basePath + request.path,
      method: request.method,
      signal: request.signal,
      headersTimeout: kubeLimits.attemptTimeoutMs,
      bodyTimeout: silenceMs ?? kubeLimits.attemptTimeoutMs,
      headers: {
        accept: "application/json",
        "user-agent": this.#userAgent,
        ...(contentType === undefined ? {} : { "content-type": contentType }),
        ...(await this.#access.headers()),
      },
      ...(body === undefined ? {} : { body }),
    });
    if (response.statusCode === 401) this.#access.onUnauthorized();
    return response;
  }

  /** Ends all connections; requests that run fail. */
  async close(): Promise<void> {
    await Promise.all([this.#calls.destroy(), this.#watches.destroy()]);
  }

  /** Reads certificates at each new connection, so that rotated ones count; a connector is kept while they stay. */
  #connector(): buildConnector.connector {
    let current: { key: string; connect: buildConnector.connector } | undefined;
    return (options, callback) => {
      try {
        const tls = this.#access.tls();
        const key = `${String(tls.ca)}${String(tls.cert)}${String(tls.key)}`;
        if (current?.key !== key)
          current = {
            key,
            connect: buildConnector({
              ...tls,
              allowH2: false,
              timeout: kubeLimits.connectTimeoutMs,
              keepAlive: true,
              keepAliveInitialDelay: kubeLimits.tcpKeepAliveMs,
            }),
          };
        current.connect(options, callback);
      } catch (error) {
        callback(error instanceof Error ? error : new Error(String(error)), null);
      }
    };
  }
}
