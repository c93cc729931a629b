import { get, type IncomingMessage } from "node:http";
import { streamRequest } from "./classes.ts";
import { proxyOf } from "./outcome.ts";
import type { Tally } from "./tally.ts";

const name = "SSE";
/** Between two streams of a client: a server that refuses is not asked in a hot loop. */
const pauseMs = 100;

/** Clients that read numbered events, one stream after the other, and check that none is missing, double or out of order. */
export class EventStreams {
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
    this.#url = `${options.url}${streamRequest.path}`;
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
      await this.#readOne();
      this.#open.delete(self);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** One stream, from its request to its outcome. */
  #readOne(): Promise<void> {
    const dueMs = performance.now();
    return new Promise((resolve) => {
      const request = get(this.#url, { agent: false, headers: { accept: "text/event-stream" } });
      const timer = setTimeout(() => request.destroy(new Error("no end in time")), this.#timeoutMs);
      const done = (count: () => void): void => {
        clearTimeout(timer);
        request.removeAllListeners("error").on("error", () => undefined);
        count();
        resolve();
      };
      request.once("error", (error) =>
        done(() => {
          if (error.message === "no end in time") this.#failed(0, error.message, dueMs);
          // Refused by the front: no request was sent.
          else if ((error as NodeJS.ErrnoException).code !== "ECONNREFUSED")
            this.#tally.cut(name, { peer: "", begun: false, pid: 0 });
        }),
      );
      request.once("response", (response) => this.#follow(response, dueMs, done));
    });
  }

  #follow(response: IncomingMessage, dueMs: number, done: (count: () => void) => void): void {
    const head = `\r\nx-request-id: ${String(response.headers["x-request-id"])}`;
    const facts = { peer: proxyOf(head), begun: true, pid: Number(response.headers["x-pid"] ?? 0) };
    const status = response.statusCode ?? 0;
    let text = "";
    response.setEncoding("latin1").on("data", (chunk: string) => {
      text += chunk;
    });
    response.once("close", () =>
      done(() => {
        if (status === 503 && response.headers["x-manta-reason"] === "actor_died") this.#tally.refused(name);
        else if (status !== 200) this.#failed(status, String(response.headers["x-manta-reason"] ?? ""), dueMs, text);
        else if (!isInOrder(text)) this.#failed(status, "events out of order", dueMs, text);
        else if (!response.complete || !text.endsWith("data: end\n\n")) this.#tally.cut(name, facts);
        else this.#tally.succeeded(name, "ok", dueMs, performance.now());
      }),
    );
    response.on("error", () => undefined);
  }

  #failed(status: number, reason: string, dueMs: number, body = ""): void {
    this.#tally.failed(name, { status, reason, body, tookMs: performance.now() - dueMs });
  }
}

/** 1, 2, 3, … without a hole; the end may be missing. */
const isInOrder = (text: string): boolean =>
  [...text.matchAll(/^id: (\d+)$/gm)].every(([, id], index) => Number(id) === index + 1);
