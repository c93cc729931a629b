import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { runtimeLimits } from "./limits.ts";
import type { ListenAddress } from "./settings.ts";

/** What a path answers. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly contentType?: string;
}

/** A small HTTP server of fixed paths: probes and metrics. */
export class HttpEndpoint {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Rejects when the address is taken. */
  static async listen(
    address: ListenAddress,
    paths: Readonly<Record<string, () => Answer | Promise<Answer>>>,
  ): Promise<HttpEndpoint> {
    const server = createServer({ requestTimeout: runtimeLimits.httpTimeoutMs }, (request, response) => {
      const path = request.url?.split("?")[0] ?? "/";
      const answer = request.method === "GET" || request.method === "HEAD" ? paths[path] : undefined;
      send(response, answer).catch(() => response.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(address.port, address.host, resolve);
    });
    return new HttpEndpoint(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const send = async (response: ServerResponse, answer?: () => Answer | Promise<Answer>): Promise<void> => {
  let said: Answer = { status: 404, text: "not found\n" };
  try {
    said = (await answer?.()) ?? said;
  } catch (error) {
    said = { status: 500, text: `${String(error)}\n` };
  }
  response.writeHead(said.status, { "content-type": said.contentType ?? "text/plain; charset=utf-8" });
  response.end(said.text);
};
