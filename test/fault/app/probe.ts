import { deployment } from "mantaray";

/** Answers its pid: shows which process did the work. */
class Pid {
  fetch() {
    return { pid: process.pid };
  }
}

/** Echoes; its author says that repeating a POST does no harm. */
class Echo {
  async fetch(request: Request) {
    return new Response(await request.text());
  }
}

export const pid = deployment(Pid).bind();
export const echo = deployment(Echo, { retryNonIdempotent: true }).bind();
export const once = deployment(Echo, { name: "Once" }).bind();
