/**
 * CPU per request of a replica's own part, without the link: head and body of a frame in, head and body of
 * a frame out. `node bench/replica.ts [--seconds 2] [--json FILE]`
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { systemClock } from "../packages/mantaray/src/base/clock.ts";
import { silentLog } from "../packages/mantaray/src/base/log.ts";
import type { InStream, Link } from "../packages/mantaray/src/rpc/types.ts";
import { streamKinds } from "../packages/mantaray/src/rpc/types.ts";
import { replicaProcess } from "../packages/mantaray/src/serve/api/context.ts";
import { Admission } from "../packages/mantaray/src/serve/replica/admission.ts";
import { encodeRequestHead } from "../packages/mantaray/src/serve/replica/fixtures/request-frames.ts";
import { httpAcceptor } from "../packages/mantaray/src/serve/replica/http/http-acceptor.ts";
import { installWebGlobals } from "../packages/mantaray/src/serve/replica/http/web-globals.ts";
import { LoopStall } from "../packages/mantaray/src/serve/replica/loop-stall.ts";
import { ServedDeployment } from "../packages/mantaray/src/serve/replica/served-deployment.ts";
import { WebSockets } from "../packages/mantaray/src/serve/replica/websocket/web-sockets.ts";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "2" }, json: { type: "string" } } });

installWebGlobals();

const body = Buffer.from('["PEAR", 12, "abcd"]');
const fields: [string, string][] = [
  ["Host", "127.0.0.1:8000"],
  ["Content-Type", "application/json"],
  ["Content-Length", String(body.length)],
];
const browserFields: [string, string][] = [
  ...fields,
  ["User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"],
  ["Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"],
  ["Accept-Language", "en-US,en;q=0.9,de;q=0.8"],
  ["Accept-Encoding", "gzip, deflate, br, zstd"],
  ["Cookie", `session=${"x".repeat(200)}; theme=dark`],
  ["Referer", "https://example.com/a/long/path/to/some/page?with=query&and=more"],
  ["Sec-Fetch-Mode", "navigate"],
  ["Sec-Fetch-Site", "same-origin"],
  ["X-Forwarded-For", "203.0.113.7"],
];

const nothing = (): void => undefined;

type Handler = (request: Request) => unknown;

const cases: Record<string, { handler: Handler; fields: [string, string][] }> = {
  "body unused, text": { fields, handler: () => "12" },
  "json in, number out": { fields, handler: async (request) => ((await request.json()) as unknown[])[1] },
  "json in, new Response": {
    fields,
    handler: async (request) => new Response(String(((await request.json()) as unknown[])[1])),
  },
  "json in, Response.json": {
    fields,
    handler: async (request) => Response.json({ amount: ((await request.json()) as unknown[])[1] }),
  },
  "browser head, one field read": {
    fields: browserFields,
    handler: (request) => request.headers.get("cookie")?.length,
  },
  "url, signal and body stream": {
    fields,
    handler: async (request) => [
      new URL(request.url).pathname,
      request.signal.aborted,
      await new Response(request.body).text(),
    ],
  },
};

/** Requests per second of wall time on one handler, and CPU-µs per request. */
const run = async (handler: Handler, head: Buffer, seconds: number): Promise<{ rps: number; cpuUs: number }> => {
  const served = await ServedDeployment.create("Bench", { kind: "function", call: handler }, []);
  const admission = new Admission(10_000);
  const { requests } = replicaProcess();
  const stall = new LoopStall(systemClock);
  const webSockets = new WebSockets();
  const host = { appName: "bench", admission, served, requests, runOnce: undefined, stall, webSockets, log: silentLog };
  const accept = httpAcceptor(host);
  const count = { started: 0, answered: 0 };
  const link = { localLoad: 0 } as Link;
  const stream: InStream = {
    link,
    kind: streamKinds.http,
    deadlineMs: 0,
    reject: nothing,
    respond: () => {
      count.answered += 1;
    },
    write: () => true,
    end: nothing,
    reset: nothing,
    pause: nothing,
    resume: nothing,
  };
  const endMs = performance.now() + seconds * 1_000;
  const before = process.cpuUsage();
  const startMs = performance.now();
  while (performance.now() < endMs) {
    for (let index = 0; index < 64; index += 1) accept(stream, head, body, true)?.onStart();
    count.started += 64;
    while (count.answered < count.started) await new Promise((resolve) => setImmediate(resolve));
  }
  const { user, system } = process.cpuUsage(before);
  return { rps: (count.started * 1_000) / (performance.now() - startMs), cpuUs: (user + system) / count.started };
};

const rows: { name: string; rps: number; cpuUs: number }[] = [];
for (const [name, { handler, fields: sent }] of Object.entries(cases)) {
  const head = encodeRequestHead({ method: "POST", target: "/fruit/", fields: sent, requestId: "0f8c2b1e-7d54-4f3a" });
  await run(handler, head, 0.3);
  const { rps, cpuUs } = await run(handler, head, Number(values.seconds));
  rows.push({ name, rps: Math.round(rps), cpuUs: Number(cpuUs.toFixed(2)) });
  process.stdout.write(`${name.padEnd(32)} ${cpuUs.toFixed(2).padStart(8)} µs CPU per request\n`);
}
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ rows }, null, 2));
