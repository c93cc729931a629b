import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ClusterState, freeSubnet } from "@manta/testkit";
import { LocalCluster, plainNode } from "mantaray/testing";
import { waitFor } from "../../../packages/mantaray/src/base/wait.ts";
import { programOf } from "../cluster/node-processes.ts";
import { faultAppPath } from "../config.ts";
import type { FaultRun } from "../observe.ts";
import type { StageResult } from "../run-stage.ts";
import { FakeNode } from "./fake-node.ts";
import { growthOf, MemoryLog, type MemorySample } from "./memory-log.ts";

/** What the loop is to do, at most within the given time. */
export interface SoakOptions {
  readonly deaths: number;
  readonly redeploys: number;
  readonly seconds: number;
  readonly say: (line: string) => void;
}

/** What a soak has shown; samples by process. */
export interface SoakResult extends StageResult {
  readonly memory: Readonly<Record<string, readonly MemorySample[]>>;
}

const replicas = 480;
/** A replica that dies younger counts as a crash loop, which is slowed down on purpose. */
const ageMs = 13_000;
const tickMs = 100;
const sampleMs = 10_000;
const fakeNodes = 4;
/** Redeployed together: their bundles are built side by side. */
const redeployed = Array.from({ length: 20 }, (_, index) => `redeployed-${index + 1}`);
/** The deaths are spread over this part of the time, so that they leave room for redeploys. */
const deathsShare = 0.9;

/**
 * Redeploys and deaths of replicas in a loop: a real head (agent, control store, controller, API server: processes as
 * ever), and worker nodes that are fakes at the level of the protocol, because processes would need hours.
 */
export const runSoak = async (options: SoakOptions): Promise<SoakResult> => {
  const runDir = mkdtempSync(join(tmpdir(), "manta-run-"));
  const tempDir = mkdtempSync(join(tmpdir(), "ms-"));
  const subnet = await freeSubnet();
  const probe = fileURLToPath(new URL("memory-probe.ts", import.meta.url));
  const cluster = new LocalCluster({
    plan: { nodes: [plainNode("head", true, 0)], config: {}, appPath: faultAppPath },
    subnet,
    tempDir,
    front: false,
    env: {
      ...process.env,
      RAY_AUTH_TOKEN_PATH: join(tempDir, "auth_token"),
      MANTA_TEMP_DIR: tempDir,
      CHAOS_RUN_DIR: runDir,
      NODE_OPTIONS: `--import=${probe}`,
    },
  });
  const nodes: FakeNode[] = [];
  try {
    await cluster.start();
    const { token } = cluster;
    const address = `tcp:${cluster.gcsAddress}`;
    for (let index = 0; index < fakeNodes; index += 1)
      nodes.push(await FakeNode.start({ address, token, ip: `${subnet}.${index + 10}`, cpus: replicas }));
    return await loop(options, cluster, nodes, new MemoryLog(runDir), tempDir);
  } finally {
    await Promise.all(nodes.map((node) => node.close()));
    await cluster.stop();
    for (const folder of [runDir, tempDir]) rmSync(folder, { recursive: true, force: true });
  }
};

const loop = async (
  options: SoakOptions,
  cluster: LocalCluster,
  nodes: readonly FakeNode[],
  memory: MemoryLog,
  tempDir: string,
): Promise<SoakResult> => {
  const startedMs = performance.now();
  const elapsed = (): number => (performance.now() - startedMs) / 1000;
  const running = (): boolean => elapsed() < options.seconds;
  const deaths = (): number => nodes.reduce((sum, node) => sum + node.deaths, 0);
  let redeploys = 0;
  await cluster.api.deploy(soakConfig(0));
  await cluster.api.waitRunning(60_000);
  const state = new ClusterState(cluster.api);
  const sampleAll = async (): Promise<void> => {
    const facts = { atSeconds: Math.round(elapsed()), deaths: deaths(), redeploys };
    const [controller] = await state.actors("ServeController");
    await memory.sample("control store", programOf(tempDir, cluster.head, "gcs"), facts);
    await memory.sample("API server", programOf(tempDir, cluster.head, "dashboard"), facts);
    await memory.sample("controller", controller?.pid ?? 0, facts);
  };
  const killing = async (): Promise<void> => {
    while (running() && deaths() < options.deaths) {
      const due = Math.floor((options.deaths * elapsed()) / (options.seconds * deathsShare)) - deaths();
      const old = nodes.flatMap((node) => node.aliveFor(ageMs).map((actorId) => ({ node, actorId })));
      await Promise.all(old.slice(0, Math.max(0, due)).map(({ node, actorId }) => node.die(actorId)));
      await pause(tickMs);
    }
  };
  const deploying = async (): Promise<void> => {
    while (running() && redeploys < options.redeploys) {
      redeploys += redeployed.length;
      await cluster.api.deploy(soakConfig(redeploys));
      await waitFor(() => isOut(nodes, redeploys), {
        timeoutMs: 60_000,
        what: `redeploy ${redeploys}`,
        intervalMs: 50,
      });
    }
  };
  const progress = { over: false };
  const work = Promise.all([killing(), deploying()]).finally(() => {
    progress.over = true;
  });
  // Its failure is told by the last wait for it.
  work.catch(() => undefined);
  for (let nextMs = 0; !progress.over; nextMs += sampleMs) {
    const due = (): boolean => progress.over || elapsed() * 1000 >= nextMs;
    await waitFor(due, { timeoutMs: 60_000, what: "the next sample" });
    await sampleAll();
    options.say(`soak: ${Math.round(elapsed())} s, ${deaths()} deaths, ${redeploys} redeploys`);
  }
  await work;
  await sampleAll();
  return resultOf(memory, deaths(), redeploys, elapsed(), options);
};

const resultOf = (
  memory: MemoryLog,
  deaths: number,
  redeploys: number,
  seconds: number,
  { say }: SoakOptions,
): SoakResult => {
  const notes = [`${deaths} deaths and ${redeploys} redeploys in ${Math.round(seconds)} s`];
  const measured: FaultRun["measured"][number][] = [
    { bar: "deaths", value: deaths },
    { bar: "redeploys", value: redeploys },
  ];
  for (const [name, samples] of memory.samples) {
    const live = growthOf(samples.map((sample) => sample.live));
    const rss = growthOf(samples.map((sample) => sample.rss));
    measured.push({ bar: "memory", value: live }, { bar: "residentMemory", value: rss });
    const last = samples.at(-1);
    const size = `live ${megabytes(last?.live)} MB, resident ${megabytes(last?.rss)} MB`;
    notes.push(`${name}: ${size}; after warm-up live ${live.toFixed(1)} %, resident ${rss.toFixed(1)} %`);
  }
  for (const note of notes) say(note);
  const seen = { seconds, classes: {}, connectionsRefused: 0, cuts: [], incidents: [] };
  const run: FaultRun = { fault: "soak", round: 1, recoveryMs: 0, measured, notes, failure: "", seen };
  return { notRun: [], runs: [run], rows: [], memory: Object.fromEntries(memory.samples) };
};

const megabytes = (bytes = 0): number => Math.round(bytes / 2 ** 20);

/** Four apps of many replicas each, whose replicas die, and small ones, of which every revision is another version. */
const soakConfig = (revision: number) => ({
  applications: [
    ...Array.from({ length: 4 }, (_, index) => soakApp(`many-${index}`, "Echo", replicas / 4, {})),
    ...redeployed.map((name) => soakApp(name, "Echo", 2, { REVISION: String(revision) })),
  ],
});

const soakApp = (name: string, deployment: string, count: number, env: Readonly<Record<string, string>>) => ({
  name,
  route_prefix: `/${name}`,
  import_path: "probe:echo",
  deployments: [
    {
      name: deployment,
      num_replicas: count,
      graceful_shutdown_wait_loop_s: 0.1,
      ray_actor_options: { num_cpus: 0.1, runtime_env: { env_vars: env } },
    },
  ],
});

/** The redeployed apps have replicas of this revision, as many as they shall have, and no other. */
const isOut = (nodes: readonly FakeNode[], revision: number): boolean =>
  redeployed.every((name) => {
    const revisions = nodes.flatMap((node) => node.revisionsOf(name));
    return revisions.length === 2 && revisions.every((one) => one === String(revision));
  });

const pause = (forMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, forMs));
