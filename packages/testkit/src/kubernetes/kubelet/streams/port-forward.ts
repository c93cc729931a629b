import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { createWebSocketStream, WebSocketServer } from "ws";
import { ApiError } from "../../api/api-error.ts";
import type { PodUpgradeRequest } from "../../apiserver/pod-streams.ts";
import type { PodWorker } from "../pods/pod-worker.ts";
import { SpdyConnection, type SpdyStream } from "./spdy-connection.ts";

/** SPDY frames inside of a WebSocket's messages, as kubectl speaks since 1.30. */
const tunnelProtocol = "SPDY/3.1+portforward.k8s.io";
const streamProtocol = "portforward.k8s.io";

/**
 * Connects a client with ports of the pod, by SPDY/3.1 inside a WebSocket or as the upgraded connection itself.
 * Throws `ApiError` (BadRequest) before anything is sent.
 */
export const portForward = async (request: PodUpgradeRequest, worker: PodWorker | undefined): Promise<void> => {
  const podIp = worker?.podIp;
  if (podIp === undefined || worker?.pod.status?.phase !== "Running")
    throw new ApiError("BadRequest", `pod ${request.pod.metadata.name} is not running: cannot forward ports`);
  const socket = await upgrade(request);
  const errors = new Map<string, Duplex>();
  const connection = new SpdyConnection(socket, (stream) => {
    const id = stream.headers.get("requestid") ?? "";
    if (stream.headers.get("streamtype") === "error") errors.set(id, stream.duplex.resume());
    else void forward(stream, podIp, errors.get(id)).finally(() => errors.delete(id));
  });
  await connection.done;
};

const upgrade = (request: PodUpgradeRequest): Promise<Duplex> => {
  const upgradeTo = (request.request.headers.upgrade ?? "").toLowerCase();
  if (upgradeTo === "spdy/3.1") return Promise.resolve(upgradeToSpdy(request));
  const offered = (request.request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  if (upgradeTo !== "websocket" || !offered.includes(tunnelProtocol))
    throw new ApiError("BadRequest", `port-forward speaks SPDY/3.1 or the WebSocket protocol ${tunnelProtocol}`);
  const server = new WebSocketServer({ noServer: true, handleProtocols: () => tunnelProtocol });
  return new Promise((resolve) => {
    server.handleUpgrade(request.request, request.socket, request.head, (socket) =>
      resolve(createWebSocketStream(socket)),
    );
  });
};

const upgradeToSpdy = ({ socket, head }: PodUpgradeRequest): Duplex => {
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n" +
      `X-Stream-Protocol-Version: ${streamProtocol}\r\n\r\n`,
  );
  if (head.length > 0) socket.unshift(head);
  return socket;
};

/** What goes wrong is told on the error stream, which ends in any case. */
const forward = async ({ headers, duplex }: SpdyStream, podIp: string, errors: Duplex | undefined): Promise<void> => {
  const port = Number(headers.get("port"));
  const target = connect({ host: podIp, port, allowHalfOpen: true, noDelay: true });
  let problem: string | undefined;
  target.on("error", (error) => {
    problem = `error forwarding port ${port} to the pod: ${error.message}`;
    duplex.end();
  });
  duplex.once("close", () => target.destroy());
  target.pipe(duplex);
  duplex.pipe(target);
  await new Promise<void>((resolve) => {
    target.once("close", () => resolve());
  });
  errors?.end(problem);
};
