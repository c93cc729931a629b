import type { IncomingMessage } from "node:http";
import type { WebSocket } from "ws";
import type { InStream, InStreamHandler, ResetCode } from "../../../rpc/types.ts";
import { CallContext } from "../call-context.ts";
import { LazyRequest } from "../http/lazy-request.ts";
import { RequestBody } from "../http/request-body.ts";
import type { RequestHead } from "../http/request-head.ts";
import type { ReplicaHost } from "../replica-host.ts";
import type { WebSocketEntry } from "../served-deployment.ts";
import { StreamDuplex } from "./stream-duplex.ts";

/**
 * One WebSocket from its request to its end. It counts as an ongoing request for as long as it is open. `ws` does
 * the handshake and the frames.
 */
export class WebSocketCall implements InStreamHandler {
  readonly #host: ReplicaHost;
  readonly #head: RequestHead;
  readonly #entry: WebSocketEntry;
  readonly #duplex: StreamDuplex;
  readonly #context: CallContext;
  readonly #request: LazyRequest;
  #socket: WebSocket | undefined;

  constructor(host: ReplicaHost, stream: InStream, head: RequestHead, entry: WebSocketEntry) {
    this.#host = host;
    this.#head = head;
    this.#entry = entry;
    this.#duplex = new StreamDuplex(stream);
    this.#request = new LazyRequest(head, new RequestBody(Buffer.alloc(0), true, stream));
    this.#context = new CallContext({
      requestId: head.requestId,
      appName: host.appName,
      route: head.routePrefix,
      multiplexedModelId: "",
      clientAddress: head.clientAddress,
      deadlineMs: 0,
    });
    host.webSockets.add(this);
    this.#duplex.once("close", () => this.#over());
    this.#duplex.on("error", (error) => host.log.debug({ err: error }, "a WebSocket's connection failed"));
  }

  onStart(): void {
    const { webSockets } = this.#host;
    const { method, target, fields } = this.#head;
    const headers: Record<string, string> = { upgrade: "websocket", connection: "Upgrade" };
    for (let index = 0; index < fields.length; index += 2) headers[fields[index] ?? ""] = fields[index + 1] ?? "";
    // All that `ws` reads of a request.
    const request = { method, url: target, headers } as unknown as IncomingMessage;
    webSockets.server.handleUpgrade(request, this.#duplex, Buffer.alloc(0), (socket) => this.#open(socket));
  }

  onData(chunk: Buffer): void {
    this.#duplex.takeBytes(chunk);
  }

  onEnd(): void {
    this.#duplex.takeEnd();
  }

  onReset(_code: ResetCode, message: string): void {
    const reason = new DOMException(message === "" ? "the client is gone" : message, "AbortError");
    this.#context.cancel(reason);
    LazyRequest.abort(this.#request, reason);
    this.#duplex.lose();
  }

  onWritable(): void {
    this.#duplex.takeRoom();
  }

  /** Tells the client that this server goes: 1012, "service restart", upon which clients come back. */
  leave(): void {
    this.#socket?.close(serviceRestart, "service restart");
  }

  #open(socket: WebSocket): void {
    this.#socket = socket;
    const failed = (error: unknown): void => {
      this.#host.log.error({ requestId: this.#head.requestId, err: error }, "a WebSocket's handler failed");
      socket.close(internalError, "internal error");
    };
    // Broken frames of the client: `ws` closes with the code that says so.
    socket.on("error", (error) => this.#host.log.debug({ err: error }, "a WebSocket failed"));
    if (this.#host.webSockets.leaving) this.leave();
    const call = async (): Promise<void> => {
      await this.#entry(socket as unknown as globalThis.WebSocket, this.#request as unknown as Request);
    };
    this.#host.requests.run(this.#context, call).catch(failed);
  }

  #over(): void {
    this.#host.webSockets.delete(this);
    this.#host.admission.leave();
  }
}

const serviceRestart = 1012;
const internalError = 1011;
