/**
 * One link between two processes over a unix socket: what a call costs. `node bench/link.ts` prints the table.
 */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { silentLog } from "../packages/mantaray/src/base/log.ts";
import {
  dial,
  type InStreamHandler,
  type Link,
  listen,
  type OutStreamHandler,
  openFlags,
  streamKinds,
} from "../packages/mantaray/src/rpc/index.ts";

/** One line of the table. */
export interface Row {
  readonly inFlight: number;
  readonly bodyBytes: number;
  readonly acceptRequired: boolean;
  readonly callsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** CPU of caller and callee together. */
  readonly cpuUsPerCall: number;
  readonly callerCpuUs: number;
  readonly calleeCpuUs: number;
}

interface Case {
  readonly inFlight: number;
  readonly bodyBytes: number;
  readonly acceptRequired: boolean;
}

const cases: readonly Case[] = [
  { inFlight: 1, bodyBytes: 170, acceptRequired: false },
  { inFlight: 8, bodyBytes: 170, acceptRequired: false },
  { inFlight: 64, bodyBytes: 170, acceptRequired: false },
  { inFlight: 64, bodyBytes: 170, acceptRequired: true },
  { inFlight: 64, bodyBytes: 100_000, acceptRequired: false },
];

/** Runs every case for `durationMs` (2 s) after a warm-up, and gives the table. */
export const runLinkBench = async (durationMs = 2_000): Promise<Row[]> => {
  const directory = mkdtempSync(join(tmpdir(), "manta-bench-"));
  const address = `unix:${join(directory, "link.sock")}`;
  const callee = fork(fileURLToPath(import.meta.url), ["callee", address], { stdio: "inherit" });
  try {
    await message(callee);
    const link = await dial(address, { token: "bench", identity: { role: "bench", id: "caller" } });
    const rows: Row[] = [];
    for (const it of cases) {
      await runCalls(link, it, durationMs / 4);
      rows.push(await measure(link, callee, it, durationMs));
    }
    link.close();
    return rows;
  } finally {
    callee.disconnect();
    rmSync(directory, { recursive: true, force: true });
  }
};

const measure = async (link: Link, callee: ChildProcess, it: Case, durationMs: number): Promise<Row> => {
  const calleeBeforeUs = await calleeCpuUs(callee);
  const callerBefore = process.cpuUsage();
  const startMs = performance.now();
  const latenciesUs = await runCalls(link, it, durationMs);
  const elapsedMs = performance.now() - startMs;
  const caller = process.cpuUsage(callerBefore);
  const calleeUs = (await calleeCpuUs(callee)) - calleeBeforeUs;
  const calls = latenciesUs.length;
  const sorted = Float64Array.from(latenciesUs).toSorted();
  const callerUs = caller.user + caller.system;
  return {
    ...it,
    callsPerSecond: Math.round((calls / elapsedMs) * 1_000),
    p50Us: Math.round(sorted[Math.floor(calls * 0.5)] ?? 0),
    p99Us: Math.round(sorted[Math.floor(calls * 0.99)] ?? 0),
    cpuUsPerCall: round((callerUs + calleeUs) / calls),
    callerCpuUs: round(callerUs / calls),
    calleeCpuUs: round(calleeUs / calls),
  };
};

const round = (value: number): number => Math.round(value * 100) / 100;

/** A closed loop: each of `inFlight` callers calls again when its answer is complete. Gives the latencies. */
const runCalls = (link: Link, it: Case, durationMs: number): Promise<number[]> =>
  new Promise((resolve, reject) => {
    const latenciesUs: number[] = [];
    const endMs = performance.now() + durationMs;
    const body = Buffer.alloc(it.bodyBytes, 7);
    const head = Buffer.alloc(24, 1);
    const flags = openFlags.end | (it.acceptRequired ? openFlags.acceptRequired : 0);
    let running = it.inFlight;
    const call = (): void => {
      const startMs = performance.now();
      const done = (): void => {
        const nowMs = performance.now();
        latenciesUs.push((nowMs - startMs) * 1_000);
        if (nowMs < endMs) call();
        else if (--running === 0) resolve(latenciesUs);
      };
      const handler: OutStreamHandler = {
        onReject: () => reject(new Error("the call was rejected")),
        onResponse: (_head, _body, end) => {
          if (end) done();
        },
        onData: () => {},
        onEnd: done,
        onReset: (_code, text) => reject(new Error(text)),
        onWritable: () => {},
      };
      link.open(streamKinds.invoke, flags, 30_000, head, body, handler);
    };
    for (let caller = 0; caller < it.inFlight; caller += 1) call();
  });

/** Answers every call with its own body, once it is complete. */
const runCallee = async (address: string): Promise<void> => {
  const head = Buffer.from([1]);
  await listen([address], {
    token: "bench",
    identity: { role: "bench", id: "callee" },
    log: silentLog,
    onLink: (link) =>
      link.accept(streamKinds.invoke, (stream, _head, body, end): InStreamHandler => {
        const parts = [Buffer.from(body)];
        const answer = (): void =>
          stream.respond(head, parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts), true);
        return {
          onStart: () => {
            if (end) answer();
          },
          onData: (chunk) => parts.push(Buffer.from(chunk)),
          onEnd: answer,
          onReset: () => {},
          onWritable: () => {},
        };
      }),
  });
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  process.on("disconnect", () => process.exit());
  process.send?.(0);
};

const message = (child: ChildProcess): Promise<unknown> => new Promise((resolve) => child.once("message", resolve));

const calleeCpuUs = async (callee: ChildProcess): Promise<number> => {
  callee.send("cpu");
  return (await message(callee)) as number;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , role, address] = process.argv;
  if (role === "callee" && address !== undefined) await runCallee(address);
  else console.table(await runLinkBench()); // oxlint-disable-line no-console
}
