import { appendFileSync } from "node:fs";
import { deployment } from "mantaray";

/** Answers its pid at once. */
class Pid {
  fetch() {
    return { pid: process.pid };
  }
}

/** Writes down that it ran, takes its time, and answers what it was sent. */
class Pay {
  async fetch(request: Request) {
    const id = await request.text();
    appendFileSync(process.env.TEST_EXECUTIONS ?? "", `${id} ${process.pid}\n`);
    await new Promise((resolve) => setTimeout(resolve, Number(new URL(request.url).searchParams.get("ms") ?? 0)));
    return new Response(`paid ${id}`, { status: 201 });
  }
}

export const pid = deployment(Pid).bind();
export const pay = deployment(Pay, { idempotencyConfig: { ttlS: 60 } }).bind();
