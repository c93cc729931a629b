import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deployment } from "mantaray";

/** Folder that the fault run shares with the replicas. */
const runDir = process.env.CHAOS_RUN_DIR ?? "";

/**
 * Answers its pid: shows which process did the work. On SIGUSR2 it does to itself what the file `hazard` says:
 * a real blocked event loop, a real death by want of memory.
 */
class Pid {
  constructor() {
    process.on("SIGUSR2", () => {
      const hazard = JSON.parse(readFileSync(join(runDir, "hazard"), "utf8")) as { blockMs?: number; fill?: boolean };
      if (hazard.blockMs !== undefined) block(hazard.blockMs);
      if (hazard.fill === true) fill();
    });
  }

  fetch() {
    return { pid: process.pid };
  }
}

const block = (forMs: number): void => {
  const endMs = performance.now() + forMs;
  while (performance.now() < endMs);
};

/** Takes memory until there is none. */
const fill = (): void => {
  const held: unknown[] = [];
  for (;;) held.push(Array.from({ length: 100_000 }, () => held.length));
};

/** Echoes; its author says that repeating a POST does no harm. */
class Echo {
  async fetch(request: Request) {
    return new Response(await request.text());
  }
}

/** Echoes, and writes down outside of itself that it did: the body is the request's own id. */
class Once {
  async fetch(request: Request) {
    const id = await request.text();
    appendFileSync(join(runDir, "executions"), `${id}\n`);
    return new Response(id);
  }
}

/** Big and long things: takes an upload to its end, or sends numbered events. */
class Bulk {
  async fetch(request: Request) {
    if (request.method !== "POST") return eventStream(new URL(request.url).searchParams);
    let bytes = 0;
    for await (const chunk of request.body ?? []) bytes += (chunk as Uint8Array).length;
    return new Response(String(bytes));
  }

  /** Its pid, then an echo of each message. */
  websocket(socket: WebSocket) {
    socket.addEventListener("message", ({ data }) => socket.send(data as string));
    socket.send(String(process.pid));
  }
}

const eventStream = (query: URLSearchParams): Response => {
  const [count, everyMs] = [Number(query.get("count") ?? 10), Number(query.get("every") ?? 50)];
  const headers = { "content-type": "text/event-stream", "x-pid": String(process.pid) };
  return new Response(ReadableStream.from(numbered(count, everyMs)), { headers });
};

async function* numbered(count: number, everyMs: number): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for (let id = 1; id <= count; id += 1) {
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    yield encoder.encode(`id: ${id}\ndata: ${id === count ? "end" : "more"}\n\n`);
  }
}

export const pid = deployment(Pid).bind();
export const echo = deployment(Echo, { retryNonIdempotent: true }).bind();
export const once = deployment(Once).bind();
export const bulk = deployment(Bulk).bind();
