import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { clusterProcesses, type TestCluster } from "@manta/testkit";
import { connect } from "mantaray";
import { waitFor } from "mantaray/testing";
import { startOneNode } from "./one-node-cluster.ts";
import type { BenchReport, BenchRow } from "./report.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const steps = 4;

/**
 * `npm start` to the first answer of the fruit app, in a folder that no run has used and in one that has; a
 * replica from the pool of started workers and without it; memory of each kind of process.
 */
export const runStartupBench = async (): Promise<BenchReport> => {
  const tempDir = mkdtempSync(join(tmpdir(), "manta-startup-"));
  // As `npm start` does first.
  execFileSync(process.execPath, ["tools/build/main.ts"], { cwd: root });
  try {
    const coldMs = await firstAnswerMs(tempDir);
    const warmMs = await firstAnswerMs(tempDir);
    const { poolMs, spawnedMs, memory } = await replicaStarts();
    return {
      ratios: {
        "startup.first_answer_s": Math.round(warmMs / 10) / 100,
        "startup.first_answer_cold_s": Math.round(coldMs / 10) / 100,
        "startup.actor_from_pool_ms": poolMs,
      },
      rows: [
        { what: "first answer, caches cold", ms: Math.round(coldMs) },
        { what: "first answer, caches warm", ms: Math.round(warmMs) },
        { what: "replica from the pool, created to ready", ms: poolMs },
        { what: "replica in a new process, created to ready", ms: spawnedMs },
        ...memory,
      ],
    };
  } finally {
    rmSync(tempDir, { recursive: true, force: true });
  }
};

const firstAnswerMs = async (tempDir: string): Promise<number> => {
  const startedMs = performance.now();
  const env = { ...process.env, MANTA_TEMP_DIR: tempDir, RAY_AUTH_TOKEN_PATH: join(tempDir, "token") };
  const args = ["packages/mantaray/bin/manta.js", "run", "examples/fruit/serve.yaml", "--workers", "2"];
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: "ignore" });
  try {
    await waitFor(fruitAnswers, { timeoutMs: 60_000, what: "the first answer", intervalMs: 10 });
    return performance.now() - startedMs;
  } finally {
    const exited = once(child, "exit");
    child.kill("SIGINT");
    await exited;
  }
};

const fruitAnswers = async (): Promise<boolean> => {
  const response = await fetch("http://127.0.0.1:8000/fruit/", { method: "POST", body: '["PEAR", 12]' });
  return (await response.text()) === "12";
};

/** Adds two replicas at a time: one takes the worker that waits, the other needs a process. */
const replicaStarts = async (): Promise<{ poolMs: number; spawnedMs: number; memory: BenchRow[] }> => {
  const test = await startOneNode("answer", { replicas: 1 });
  try {
    const pool: number[] = [];
    const spawned: number[] = [];
    for (let step = 1; step <= steps; step += 1) {
      await waitFor(() => clusterProcesses(test.tempDir).some(({ title }) => title === "ray::IDLE"), {
        timeoutMs: 10_000,
        what: "an idle worker",
      });
      const [first = 0, second = 0] = await createdToReadyMs(test, 1 + step * 2);
      pool.push(first);
      spawned.push(second);
    }
    return { poolMs: medianOf(pool), spawnedMs: medianOf(spawned), memory: memoryOf(test.tempDir) };
  } finally {
    await test.stop();
  }
};

/** Scales to `replicas` and returns how long each new replica took from its record to readiness, sorted. */
const createdToReadyMs = async ({ cluster }: TestCluster, replicas: number): Promise<number[]> => {
  const client = await connect({ addresses: [`tcp:${cluster.gcsAddress}`], token: cluster.token });
  const created = new Map<string, number>();
  const tookMs: number[] = [];
  try {
    let synced = false;
    for await (const event of client.gcs.subscribe({ topics: ["actors"] })) {
      if (event.kind === "synced") {
        synced = true;
        await cluster.api.deploy(configOf(replicas));
      } else if (synced && event.kind === "actor" && event.actor.spec.className === "ServeReplica:Answer") {
        const { actorId, state } = event.actor;
        if (!created.has(actorId)) created.set(actorId, performance.now());
        if (state === "ALIVE") tookMs.push(performance.now() - (created.get(actorId) ?? 0));
        if (tookMs.length === 2) return tookMs.toSorted((left, right) => left - right);
      }
    }
  } finally {
    await client.close();
  }
  throw new Error("the control store ended its events");
};

const configOf = (replicas: number): unknown => ({
  applications: [
    {
      name: "bench",
      route_prefix: "/",
      import_path: "bench_app:answer",
      args: { replicas: 1 },
      deployments: [{ name: "Answer", num_replicas: replicas }],
    },
  ],
});

const medianOf = (values: readonly number[]): number =>
  Math.round(values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0);

/** The largest process of each kind. */
const memoryOf = (tempDir: string): BenchRow[] => {
  const largest = new Map<string, number>();
  for (const { title, rssBytes } of clusterProcesses(tempDir))
    largest.set(title, Math.max(largest.get(title) ?? 0, rssBytes));
  return [...largest].map(([title, rssBytes]) => ({ process: title, "RSS MB": Math.round(rssBytes / 1e6) }));
};
