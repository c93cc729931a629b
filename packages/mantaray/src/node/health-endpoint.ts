import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { MantaError } from "../base/errors.ts";
import { nodeLimits } from "./limits.ts";

/** A running health endpoint. */
export interface HealthEndpoint {
  /** The real port. */
  readonly port: number;
  close(): Promise<void>;
}

/**
 * The node's own health over HTTP, for probes: `/api/local_raylet_healthz` and `/api/healthz`, bodies
 * as the reference has them. Healthy means the agent works, whether or not the control store is there.
 */
export const serveHealth = (options: {
  host: string;
  port: number;
  healthy: () => boolean;
}): Promise<HealthEndpoint> => {
  const server = createServer(
    {
      maxHeaderSize: nodeLimits.healthHeaderBytesMax,
      requestTimeout: nodeLimits.healthRequestTimeoutMs,
      headersTimeout: nodeLimits.healthRequestTimeoutMs,
      keepAliveTimeout: nodeLimits.healthRequestTimeoutMs,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => answer(request, response, options.healthy()),
  );
  server.maxConnections = nodeLimits.healthConnectionsMax;
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const where = `${options.host}:${options.port}`;
      const rule = "--dashboard-agent-listen-port must be free on the node's address";
      reject(new MantaError("invalid_argument", `${rule}, ${where} is not (${error.message})`, { cause: error }));
    });
    server.listen(options.port, options.host, () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : options.port;
      resolve({
        port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      });
    });
  });
};

const answer = (request: IncomingMessage, response: ServerResponse, healthy: boolean): void => {
  const path = request.url?.split("?", 1)[0];
  const known = path === "/api/local_raylet_healthz" || path === "/api/healthz";
  if (!known || (request.method !== "GET" && request.method !== "HEAD")) {
    send(response, 404, "text/plain", "404: Not Found");
  } else if (healthy) {
    send(response, 200, "application/text", "success");
  } else {
    send(response, 503, "application/text", "Local Raylet failed");
  }
};

const send = (response: ServerResponse, status: number, type: string, body: string): void => {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(response.req.method === "HEAD" ? undefined : body);
};
