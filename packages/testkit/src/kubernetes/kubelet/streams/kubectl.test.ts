import { type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resources } from "../../api/resources.ts";
import { ApiServer } from "../../apiserver/api-server.ts";
import { runKubectl, spawnKubectl } from "../../kubectl.ts";
import { startOnFreeSubnet } from "../../local/free-cluster-subnet.ts";
import { Kubelet } from "../kubelet.ts";

let api: ApiServer | undefined;
let kubelet: Kubelet | undefined;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "manta-kubelet-"));
  const { subnet, started: server } = await startOnFreeSubnet(undefined, (chosen) =>
    ApiServer.start({ host: `${chosen}.0.1`, port: 6443, serviceSubnet: `${chosen}.64.0/19` }),
  );
  api = server;
  const { access } = server;
  kubelet = await Kubelet.start({
    access,
    subnet,
    dataDir: folder,
    issueToken: ({ namespace, serviceAccount }) =>
      Promise.resolve(server.issueToken({ namespace, name: serviceAccount }).token),
  });
  server.connectPods(kubelet.streams);
  writeFileSync(join(folder, "config"), server.kubeconfig());
  const metadata = { name: "default", namespace: "default" };
  if ((await access.get(resources.serviceAccounts, metadata)) === undefined)
    await access.create(resources.serviceAccounts, { apiVersion: "v1", kind: "ServiceAccount", metadata });
  await access.create(resources.pods, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace: "default" },
    spec: {
      containers: [
        {
          name: "main",
          image: "busybox",
          command: [
            "sh",
            "-c",
            'echo started; cd /tmp; echo hello > page; exec python3 -m http.server 8000 --bind "$(cat /etc/.pod/ip)"',
          ],
          readinessProbe: { httpGet: { port: 8000 }, periodSeconds: 1 },
        },
      ],
      terminationGracePeriodSeconds: 1,
    },
  });
  await kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=20s");
}, 60_000);

afterAll(async () => {
  await kubelet?.close();
  await api?.close();
  rmSync(folder, { recursive: true, force: true });
});

const kubectl = (...args: string[]): ReturnType<typeof runKubectl> => runKubectl(join(folder, "config"), args);

test("kubectl logs, exec and cp talk with a pod", async () => {
  expect((await kubectl("logs", "web")).stdout).toContain("started");
  expect((await kubectl("exec", "web", "--", "cat", "/tmp/page")).stdout).toBe("hello\n");
  const failed = await kubectl("exec", "web", "--", "sh", "-c", "echo bad >&2; exit 5");
  expect(failed.code).toBe(5);
  expect(failed.stderr).toContain("bad\ncommand terminated with exit code 5");
  writeFileSync(join(folder, "local"), "x".repeat(300_000));
  await kubectl("cp", join(folder, "local"), "web:/tmp/copied");
  expect((await kubectl("exec", "web", "--", "wc", "-c", "/tmp/copied")).stdout).toContain("300000");
});

test("kubectl port-forward reaches a port of the pod, many times at once", { timeout: 40_000 }, async () => {
  const child: ChildProcess = await spawnKubectl(join(folder, "config"), ["port-forward", "pod/web", ":8000"]);
  let said = "";
  child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  (child.stderr as Readable).on("data", (chunk: Buffer) => (said += chunk.toString()));
  try {
    const port = await waitFor(() => /127\.0\.0\.1:(\d+)/.exec(said)?.[1], { timeoutMs: 10_000, what: "it forwards" });
    const pages = await Promise.all(
      Array.from({ length: 20 }, async () => (await fetch(`http://127.0.0.1:${port}/page`)).text()),
    );
    expect(new Set(pages)).toEqual(new Set(["hello\n"]));
  } finally {
    child.kill();
    await once(child, "exit");
  }
});

test("kubectl sees the status, events and the end of a pod", async () => {
  expect((await kubectl("get", "pod", "web")).stdout).toMatch(/web +1\/1 +Running +0/);
  expect((await kubectl("describe", "pod", "web")).stdout).toMatch(/Successfully assigned default\/web to node-1/);
  expect((await kubectl("delete", "pod", "web")).stdout).toContain("deleted");
  expect((await kubectl("get", "pods")).stderr).toContain("No resources found");
});
