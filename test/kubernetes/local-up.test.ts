import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as operator from "@manta/operator";
import * as testkit from "@manta/testkit/kubernetes";
import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubernetesModule, OperatorModule } from "../../packages/mantaray/src/cli/local/kubernetes-modules.ts";
import { root } from "../e2e/docs-blocks.ts";
import { type RunningProcess, start } from "../e2e/run-process.ts";

const bin = join(root, "packages/mantaray/bin/manta.js");
/** Tells this run's processes from all others. */
const marker = String(randomInt(1_000_000, 9_000_000));

const pod = `
apiVersion: v1
kind: Pod
metadata: {name: one}
spec: {containers: [{name: main, image: busybox, command: [sh, -c, "sleep ${marker}"]}]}
`;
const appPod = `
apiVersion: v1
kind: Pod
metadata: {name: app}
spec:
  restartPolicy: Never
  containers:
    - {name: manta, image: "mantaray/manta:1", command: [cat, /home/ray/app/hello]}
    - {name: ray, image: "rayproject/ray:2.53.0", command: [cat, /home/ray/app/hello]}
`;
const suspendedCluster = `
apiVersion: ray.io/v1
kind: RayCluster
metadata: {name: quiet}
spec:
  suspend: true
  headGroupSpec: {rayStartParams: {}, template: {spec: {containers: [{name: head, image: "mantaray/manta:1"}]}}}
`;

const isMarked = (pid: string): boolean => {
  try {
    return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(marker);
  } catch {
    return false;
  }
};

describe("manta local up", () => {
  const folder = mkdtempSync(join(tmpdir(), "manta-local-up-"));
  const kubeconfig = join(folder, "deep/kubeconfig");
  const env = { ...process.env, KUBECONFIG: kubeconfig, KUBECACHEDIR: join(folder, "cache") };
  let command: RunningProcess;
  const kubectl = async (...args: string[]): Promise<string> => {
    const running = start(process.execPath, [bin, "local", "kubectl", ...args], { cwd: root, env });
    await once(running.child, "close");
    if (running.child.exitCode !== 0) throw new Error(running.output());
    return running.output();
  };
  const apply = async (name: string, manifest: string): Promise<void> => {
    writeFileSync(join(folder, name), manifest);
    await kubectl("apply", "-f", join(folder, name));
  };

  beforeAll(async () => {
    const app = join(folder, "app");
    mkdirSync(app);
    writeFileSync(join(app, "hello"), "of the app\n");
    const flags = ["--kubeconfig", kubeconfig, "--nodes", "2", "--app", app, "--ray-images"];
    command = start(process.execPath, [bin, "local", "up", ...flags], { cwd: root, env });
    await command.until(/Ctrl-C/, 60_000);
  }, 60_000);
  afterAll(async () => {
    await command.end("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  it("is written against the modules as they are", () => {
    const modules: [KubernetesModule<testkit.ImageRegistry>, OperatorModule] = [testkit, operator];
    expect(modules).toHaveLength(2);
  });

  it("says where the cluster is", () => {
    expect(command.output()).toContain(`export KUBECONFIG=${kubeconfig}\n`);
  });

  it("has as many nodes as asked for", async () => {
    expect(await kubectl("get", "nodes")).toMatch(/node-1 +Ready[^]*node-2 +Ready/);
  });

  it("runs the operator, which answers for the custom resources", async () => {
    await apply("cluster.yaml", suspendedCluster);
    const waited = await kubectl("wait", "--for=condition=RayClusterSuspended", "raycluster/quiet", "--timeout=30s");
    expect(waited).toContain("condition met");
  });

  it("has the app's folder in Manta's pods, under the names of Ray's images as well", async () => {
    await apply("app.yaml", appPod);
    await kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/app", "--timeout=30s");
    for (const container of ["manta", "ray"])
      expect(await kubectl("logs", "app", "-c", container)).toContain("of the app\n");
  });

  it("refuses an app's folder that is none", async () => {
    const second = start(process.execPath, [bin, "local", "up", "--app", kubeconfig], { cwd: root, env });
    await once(second.child, "close");
    expect(second.child.exitCode).toBe(2);
    expect(second.output()).toContain("must be a folder");
  });

  it("refuses to write over a kubeconfig of something else", async () => {
    const file = join(folder, "other");
    writeFileSync(file, "current-context: production\n");
    const second = start(process.execPath, [bin, "local", "up", "--kubeconfig", file], { cwd: root, env });
    await once(second.child, "close");
    expect(second.child.exitCode).toBe(2);
    expect(second.output()).toContain("is there already");
  });

  it("leaves nothing behind on SIGINT", async () => {
    await apply("pod.yaml", pod);
    await kubectl("wait", "--for=condition=Ready", "pod/one", "--timeout=30s");
    expect(readdirSync("/proc").filter(isMarked)).not.toEqual([]);
    const { hostname, port } = new URL(/server: (\S+)/.exec(readFileSync(kubeconfig, "utf8"))?.[1] ?? "");
    expect(await command.end("SIGINT")).toBe(0);
    await waitFor(() => readdirSync("/proc").every((pid) => !isMarked(pid)), {
      timeoutMs: 5_000,
      what: "the pod's processes gone",
    });
    const socket = connect(Number(port), hostname);
    const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNREFUSED");
    expect(existsSync(kubeconfig)).toBe(false);
    const own = `manta-kubernetes-${command.child.pid}-`;
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith(own))).toEqual([]);
  });
});
