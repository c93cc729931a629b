import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { MantaError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Guard } from "../guard/guard.ts";
import { dashboardLimits } from "../limits.ts";
import type { ApiRequest } from "./api-request.ts";
import { readBody } from "./read-body.ts";
import { type Reply, restStatus, textReply } from "./reply.ts";
import type { Router } from "./router.ts";

/** What the HTTP side of the API server needs. */
export interface ApiServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly router: Router;
  readonly guard: Guard;
  readonly log: Log;
}

/** A listening API server. */
export interface ApiServer {
  /** The port it really has. */
  readonly port: number;
  /** Stops listening, lets open requests finish for `graceMs`, then cuts them. */
  close(graceMs: number): Promise<void>;
}

/** Listens; rejects when the address is taken. */
export const listenApi = async (options: ApiServerOptions): Promise<ApiServer> => {
  const server = createServer(
    {
      maxHeaderSize: dashboardLimits.headerBytesMax,
      headersTimeout: dashboardLimits.headersTimeoutMs,
      requestTimeout: dashboardLimits.requestTimeoutMs,
      keepAliveTimeout: dashboardLimits.keepAliveTimeoutMs,
    },
    (message, response) => void answer(message, response, options),
  );
  server.maxConnections = dashboardLimits.connectionsMax;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  server.on("error", (error) => options.log.error({ err: error }, "the API server's listener failed"));
  return { port: (server.address() as AddressInfo).port, close: (graceMs) => close(server, graceMs) };
};

const answer = async (message: IncomingMessage, response: ServerResponse, options: ApiServerOptions): Promise<void> => {
  let reply: Reply;
  try {
    reply = await route(message, options);
  } catch (thrown) {
    const error = MantaError.from(thrown);
    const status = restStatus(error);
    if (status >= 500 && status !== 503) options.log.error({ err: error, url: message.url }, "a request failed");
    reply = textReply(status, error.rawMessage, status === 413 ? { connection: "close" } : {});
  }
  send(response, reply);
};

const route = async (message: IncomingMessage, options: ApiServerOptions): Promise<Reply> => {
  const refusal = options.guard.refuseStranger(message.headers);
  if (refusal !== undefined) return refusal;
  const method = message.method ?? "GET";
  const target = message.url ?? "/";
  const queryAt = target.indexOf("?");
  const path = queryAt === -1 ? target : target.slice(0, queryAt);
  const match = options.router.match(method, path);
  if (match.kind !== "route" || match.route.open !== true) {
    const unproved = options.guard.refuseUnproved(message.headers);
    if (unproved !== undefined) return unproved;
  }
  if (match.kind === "none") return textReply(404, "404: Not Found");
  if (match.kind === "wrong-method") {
    return textReply(405, "405: Method Not Allowed", { allow: match.allowed.join(",") });
  }
  const request: ApiRequest = {
    method,
    path,
    params: match.params,
    query: new URLSearchParams(queryAt === -1 ? "" : target.slice(queryAt + 1)),
    header: (name) => {
      const value = message.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    body: () => readBody(message, dashboardLimits.bodyBytesMax),
  };
  return match.route.handler(request);
};

const send = (response: ServerResponse, reply: Reply): void => {
  response.writeHead(reply.status, {
    "content-length": Buffer.byteLength(reply.body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    ...(reply.status === 503 ? { "retry-after": String(dashboardLimits.retryAfterSeconds) } : {}),
    ...reply.headers,
  });
  response.end(reply.body);
};

const close = (server: Server, graceMs: number): Promise<void> =>
  new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
