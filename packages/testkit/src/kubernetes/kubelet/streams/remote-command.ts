import type { Readable, Writable } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { ApiError } from "../../api/api-error.ts";
import type { PodUpgradeRequest } from "../../apiserver/pod-streams.ts";
import { kubeletLimits } from "../limits.ts";

const channel = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const;
const protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

/** Columns and rows of a terminal. */
export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

/**
 * exec and attach over a WebSocket: each message begins with its channel (standard input, output, error, status, size).
 * https://kubernetes.io/docs/reference/using-api/websocket-streams/
 */
export class RemoteCommand {
  readonly #socket: WebSocket;
  readonly #wantsInput: boolean;

  /** Throws `ApiError` (BadRequest) for a client that speaks none of the protocols, before anything is sent. */
  static open({ request, socket, head, query }: PodUpgradeRequest): Promise<RemoteCommand> {
    const names = (request.headers["sec-websocket-protocol"] ?? "").split(",");
    const offered = new Set(names.map((name) => name.trim()));
    const protocol = protocols.find((name) => offered.has(name));
    if ((request.headers.upgrade ?? "").toLowerCase() !== "websocket" || protocol === undefined)
      throw new ApiError("BadRequest", `exec and attach speak WebSocket, one of ${protocols.join(", ")}`);
    const server = new WebSocketServer({
      noServer: true,
      handleProtocols: () => protocol,
      maxPayload: kubeletLimits.forwardFrameBytesMax,
    });
    const wantsInput = ["true", "1"].includes(query.get("stdin") ?? "");
    return new Promise((resolve) => {
      server.handleUpgrade(request, socket, head, (webSocket) => resolve(new RemoteCommand(webSocket, wantsInput)));
    });
  }

  private constructor(socket: WebSocket, wantsInput: boolean) {
    this.#socket = socket;
    this.#wantsInput = wantsInput;
    socket.on("error", () => undefined);
  }

  /** What the client types goes there until it ends or the client is gone. */
  readInput(input: Writable | undefined, endInput: boolean, onResize: (size: TerminalSize) => void): void {
    const end = (): void => {
      if (endInput) input?.end();
    };
    input?.on("error", () => undefined);
    this.#socket.on("message", (data) => {
      const message = data as Buffer;
      const body = message.subarray(1);
      if (message[0] === channel.stdin && this.#wantsInput && input?.writable === true) this.#write(input, body);
      else if (message[0] === channel.close && body[0] === channel.stdin) end();
      else if (message[0] === channel.resize) reportSize(body, onResize);
    });
    this.#socket.once("close", end);
  }

  /** Resolves when all of it is sent, or nobody listens any more. */
  async send(output: Readable, name: "stdout" | "stderr"): Promise<void> {
    for await (const chunk of output) {
      if (this.#socket.readyState !== this.#socket.OPEN) continue;
      await this.#send(channel[name], chunk as Buffer);
    }
  }

  /** As `send`, of a stream that others read too: it does not wait for a slow client, it leaves it. */
  copy(output: Readable, name: "stdout" | "stderr"): void {
    const onData = (chunk: Buffer): void => {
      void this.#send(channel[name], chunk);
      if (this.#socket.bufferedAmount > kubeletLimits.logBacklogBytesMax) this.#socket.terminate();
    };
    output.on("data", onData);
    this.#socket.once("close", () => output.off("data", onData));
  }

  /** Resolves when the client is gone. */
  closed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.readyState === this.#socket.CLOSED) resolve();
      else this.#socket.once("close", () => resolve());
    });
  }

  /** The last word: how the program ended. */
  async finish(exitCode: number): Promise<void> {
    await this.#send(channel.status, Buffer.from(JSON.stringify(statusOf(exitCode))));
    this.#socket.close(1000);
  }

  #write(input: Writable, bytes: Buffer): void {
    if (input.write(bytes)) return;
    this.#socket.pause();
    input.once("drain", () => this.#socket.resume());
    input.once("close", () => this.#socket.resume());
  }

  #send(to: number, bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.send(Buffer.concat([Buffer.from([to]), bytes]), () => resolve());
    });
  }
}

const reportSize = (body: Buffer, onResize: (size: TerminalSize) => void): void => {
  const { Width, Height } = JSON.parse(body.toString()) as { Width?: unknown; Height?: unknown };
  const width = Number(Width);
  const height = Number(Height);
  if (Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0) onResize({ width, height });
};

const statusOf = (exitCode: number): object =>
  exitCode === 0
    ? { metadata: {}, status: "Success" }
    : {
        metadata: {},
        status: "Failure",
        message: `command terminated with non-zero exit code: exit status ${exitCode}`,
        reason: "NonZeroExitCode",
        details: { causes: [{ reason: "ExitCode", message: String(exitCode) }] },
      };
