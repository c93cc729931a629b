import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { waitFor } from "mantaray/testing";
import { expect, test } from "vitest";
import { freeSubnet } from "../../../free-subnet.ts";
import { isAlive } from "../../../processes.ts";
import { resources } from "../../api/resources.ts";
import { isReady, TestKubelet } from "../fixtures/test-kubelet.ts";
import type { NodeObject } from "../types.ts";

const readyOf = async (kit: TestKubelet, name: string): Promise<string | undefined> => {
  const node: NodeObject | undefined = await kit.api.get(resources.nodes, { name });
  return node?.status?.conditions?.find(({ type }) => type === "Ready")?.status;
};

test("a lost node takes its processes along, its pods stay in the API, and start again when it is back", async () => {
  const kit = await TestKubelet.start({ nodes: 2 });
  await kit.create("stays", { command: ["sleep", "1000"] }, { nodeSelector: { "kubernetes.io/hostname": "node-1" } });
  await kit.create("other", { command: ["sleep", "1000"] }, { nodeSelector: { "kubernetes.io/hostname": "node-2" } });
  const before = await kit.untilReady("stays");
  await kit.untilReady("other");
  const pid = (await kit.runner("stays")).sandbox?.pid ?? 0;
  expect(isAlive(pid)).toBe(true);

  await kit.kubelet.killNode("node-1");
  expect(isAlive(pid)).toBe(false);
  expect(await readyOf(kit, "node-1")).toBe("Unknown");
  expect(isReady(await kit.until("stays", "not ready", (pod) => !isReady(pod)))).toBe(false);
  await kit.delete("other", 0);
  await kit.create("moves", { command: ["sleep", "1000"] });
  expect((await kit.untilReady("moves")).spec.nodeName).toBe("node-2");

  await kit.kubelet.restoreNode("node-1");
  expect(await readyOf(kit, "node-1")).toBe("True");
  const after = await kit.untilReady("stays");
  expect(after.status?.containerStatuses?.[0]?.restartCount).toBe(1);
  expect(after.status?.podIP).not.toBe(before.status?.podIP);
  const folder = kit.folder;
  await kit.close();
  expect(existsSync(folder)).toBe(false);
});

test("a pod that was deleted while its node was away goes when the node is back", async () => {
  const kit = await TestKubelet.start();
  await kit.create("leaves", { command: ["sleep", "1000"] });
  await kit.untilReady("leaves");
  await kit.kubelet.killNode("node-1");
  await kit.delete("leaves");
  expect((await kit.pod("leaves"))?.metadata.deletionTimestamp).toBeDefined();
  await kit.kubelet.restoreNode("node-1");
  await kit.untilGone("leaves");
  await kit.close();
});

test("pods die with the process of their kubelet", async () => {
  const folder = mkdtempSync(join(tmpdir(), "manta-kubelet-"));
  const subnet = (await freeSubnet()).split(".").slice(0, 2).join(".");
  const program = fileURLToPath(new URL("../fixtures/lonely-kubelet.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=source", program, folder, subnet], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  const pid = Number(said.toString());
  expect(isAlive(pid)).toBe(true);
  child.kill("SIGKILL");
  await waitFor(() => !isAlive(pid), { timeoutMs: 5_000, what: "the pod's process is gone" });
  rmSync(folder, { recursive: true, force: true });
});
