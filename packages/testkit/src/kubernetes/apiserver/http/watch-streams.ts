import type { ServerResponse } from "node:http";
import type { KubeObject } from "../../api/objects.ts";
import type { Clock } from "../clock.ts";
import { limits } from "../limits.ts";

/** One client that watches. */
export interface WatchStream {
  /** Sends lines; those of one turn of the event loop together. */
  send(line: Buffer): void;
  /** Ends the answer in order: the client starts anew from where it is. */
  end(): void;
}

/** What a stream is opened with. */
export interface WatchStreamOptions {
  readonly response: ServerResponse;
  readonly timeoutMs: number;
  /** A bookmark with the version up to which all is told; undefined: the client wants none. */
  readonly bookmark: (() => Buffer) | undefined;
  readonly onClose: () => void;
}

/** All open watches over HTTP. https://kubernetes.io/docs/reference/using-api/api-concepts/#watch-bookmarks */
export class WatchStreams {
  readonly #clock: Clock;
  readonly #open = new Set<WatchStream>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#open.size;
  }

  open({ response, timeoutMs, bookmark, onClose }: WatchStreamOptions): WatchStream {
    let waiting: Buffer[] = [];
    let timer: { cancel(): void } | undefined;
    const flush = (): void => {
      if (waiting.length === 0 || response.writableEnded || response.destroyed) return;
      const bytes = waiting.length === 1 ? waiting[0] : Buffer.concat(waiting);
      waiting = [];
      response.write(bytes);
      // Too slow: it shall list anew instead of keeping everything it has not read in our memory.
      if (response.writableLength > limits.watchBacklogBytesMax) response.destroy();
    };
    const stream: WatchStream = {
      send: (line) => {
        if (waiting.push(line) === 1) queueMicrotask(flush);
      },
      end: () => {
        if (bookmark !== undefined) waiting.push(bookmark());
        flush();
        response.end();
      },
    };
    const scheduleBookmark = (): void => {
      if (bookmark === undefined) return;
      timer = this.#clock.after(
        limits.bookmarkIntervalMs,
        () => {
          stream.send(bookmark());
          scheduleBookmark();
        },
        { unref: true },
      );
    };
    scheduleBookmark();
    const timeout = this.#clock.after(timeoutMs, () => stream.end(), { unref: true });
    this.#open.add(stream);
    response.once("close", () => {
      this.#open.delete(stream);
      timer?.cancel();
      timeout.cancel();
      onClose();
    });
    return stream;
  }

  /** Ends all. */
  close(): void {
    for (const stream of this.#open) stream.end();
  }
}

/** The object of a bookmark. */
export const bookmarkObject = (
  kind: string,
  apiVersion: string,
  resourceVersion: string,
  initialEventsEnd: boolean,
): KubeObject =>
  ({
    kind,
    apiVersion,
    metadata: {
      resourceVersion,
      creationTimestamp: null,
      ...(initialEventsEnd ? { annotations: { "k8s.io/initial-events-end": "true" } } : {}),
    },
  }) as unknown as KubeObject;
