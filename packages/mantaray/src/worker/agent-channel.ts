/**
 * The way in which the agent passes open sockets, which no link can carry: the channel of `child_process`. It is
 * taken out of `process`, for user code must not take itself for a child that may talk to its parent.
 */
export class AgentChannel {
  readonly #sockets: object[] = [];
  readonly #disconnect: () => void;

  private constructor(disconnect: () => void) {
    this.#disconnect = disconnect;
    process.on("message", this.#onMessage);
  }

  /** Undefined where the process was started without a channel. */
  static take(): AgentChannel | undefined {
    if (process.channel === undefined || process.disconnect === undefined) return undefined;
    const disconnect = process.disconnect.bind(process);
    for (const name of ["send", "disconnect"]) Reflect.deleteProperty(process, name);
    const channel = new AgentChannel(disconnect);
    // The link is the life line, not this.
    process.channel?.unref?.();
    return channel;
  }

  /** The oldest socket that has come; undefined before. */
  socket(): object | undefined {
    return this.#sockets.shift();
  }

  close(): void {
    process.off("message", this.#onMessage);
    if (process.connected) this.#disconnect();
  }

  readonly #onMessage = (_message: unknown, socket: unknown): void => {
    if (typeof socket === "object" && socket !== null) this.#sockets.push(socket);
  };
}
