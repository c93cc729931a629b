import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Lease } from "kubernetes-types/coordination/v1.d.ts";
import { waitFor } from "mantaray/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resources } from "./kube/resources.ts";
import { TestCluster } from "./runtime/fixtures/test-cluster.ts";

let cluster: TestCluster;
let dir: string;
const children: ChildProcess[] = [];
const mainFile = fileURLToPath(new URL("main.ts", import.meta.url));

beforeEach(async () => {
  cluster = await TestCluster.start();
  dir = mkdtempSync(join(tmpdir(), "manta-operator-main-"));
  writeFileSync(join(dir, "kubeconfig"), cluster.kubeconfig);
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await cluster.close();
  rmSync(dir, { recursive: true });
});

interface Program {
  readonly child: ChildProcess;
  readonly output: () => string;
}

const start = (...flags: string[]): Program => {
  const child = spawn(process.execPath, ["--conditions=source", mainFile, ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  return { child, output: () => output };
};

const operatorOf = (): Program =>
  start(
    `--kubeconfig=${join(dir, "kubeconfig")}`,
    "--metrics-addr=127.0.0.1:0",
    "--health-probe-bind-address=127.0.0.1:0",
    "--leader-election-namespace=default",
  );

const until = (probe: () => boolean | Promise<boolean>, what: string): Promise<true> =>
  waitFor(async () => (await probe()) || undefined, { timeoutMs: 30_000, what });

const leads = ({ output }: Program): boolean => output().includes("became the leader");

const lease = async (): Promise<Lease["spec"]> =>
  (await cluster.api.get(resources.leases, { namespace: "default", name: "ray-operator-leader" }))?.spec;

describe("the program", () => {
  it("has another take over when the leader is killed, and gives the lease away at SIGTERM", {
    timeout: 90_000,
  }, async () => {
    const first = operatorOf();
    await until(() => leads(first), "the first leads");
    const second = operatorOf();
    await until(() => second.output().includes("another operator is the leader"), "the second stands by");
    first.child.kill("SIGKILL");
    await until(() => leads(second), "the second leads");
    expect(await lease()).toMatchObject({ leaseTransitions: 1 });
    const third = operatorOf();
    await until(() => third.output().includes("another operator is the leader"), "the third stands by");
    const startedMs = performance.now();
    second.child.kill("SIGTERM");
    const [code] = (await once(second.child, "exit")) as [number | null];
    expect(code).toBe(0);
    await until(() => leads(third), "the third leads");
    expect(performance.now() - startedMs).toBeLessThan(8_000);
  });

  it("ends with what is wrong when a flag is", async () => {
    const program = start("--qps=-1");
    const [code] = (await once(program.child, "close")) as [number | null];
    expect(code).toBe(1);
    expect(program.output()).toBe("manta-operator: --qps -1: not above 0\n");
  });
});
