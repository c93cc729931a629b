import { socketRequest } from "./classes.ts";
import type { Tally } from "./tally.ts";

const name = "WebSocket";
/** Between two conversations of a client. */
const pauseMs = 100;
/** "Going away" and "service restart": the server says that it leaves, between two messages. */
const toldCodes: ReadonlySet<number> = new Set([1001, 1012]);

/** Clients that talk over WebSockets: a message, its echo, the next; then they close, and begin anew. */
export class WebSockets {
  readonly #url: string;
  readonly #tally: Tally;
  readonly #timeoutMs: number;
  readonly #open = new Map<object, number>();
  #running = true;

  constructor(options: {
    readonly url: string;
    readonly count: number;
    readonly timeoutMs: number;
    readonly tally: Tally;
  }) {
    this.#url = `${options.url.replace(/^http/, "ws")}${socketRequest.path}`;
    this.#tally = options.tally;
    this.#timeoutMs = options.timeoutMs;
    for (let index = 0; index < options.count; index += 1) void this.#loop();
  }

  get openSinceMs(): number | undefined {
    return this.#open.size === 0 ? undefined : Math.min(...this.#open.values());
  }

  close(): void {
    this.#running = false;
  }

  async #loop(): Promise<void> {
    while (this.#running) {
      const self = {};
      this.#open.set(self, performance.now());
      await this.#talk();
      this.#open.delete(self);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** One conversation, from its request to its outcome. The server's first message is its pid. */
  #talk(): Promise<void> {
    const dueMs = performance.now();
    const socket = new WebSocket(this.#url);
    let pid = 0;
    let sent = 0;
    let wrong = false;
    return new Promise((resolve) => {
      const timer = setTimeout(() => socket.close(), this.#timeoutMs);
      const next = (): void => {
        sent += 1;
        if (sent <= socketRequest.messages) socket.send(String(sent));
        else socket.close(1000);
      };
      socket.addEventListener("message", ({ data }) => {
        if (pid === 0) pid = Number(data);
        else if (data !== String(sent)) wrong = true;
        setTimeout(next, socketRequest.everyMs);
      });
      socket.addEventListener("error", () => undefined);
      socket.addEventListener("close", ({ code }) => {
        clearTimeout(timer);
        const nowMs = performance.now();
        const whole = code === 1000 && sent > socketRequest.messages;
        if (wrong || (code === 1000 && !whole))
          this.#tally.failed(name, { status: code, reason: "not the echo", body: "", tookMs: nowMs - dueMs });
        else if (whole || (pid !== 0 && toldCodes.has(code))) this.#tally.succeeded(name, "ok", dueMs, nowMs);
        // Which proxy it was is not known here: nothing of the answer's head is shown.
        else this.#tally.cut(name, { peer: "", begun: false, pid });
        resolve();
      });
    });
  }
}
