import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalKubernetes } from "@manta/testkit/kubernetes";
import { afterAll, beforeAll, expect, it } from "vitest";
import { pageCommands } from "./page-commands.ts";
import { Terminal } from "./terminal.ts";

const page = "docs/kubernetes.md";
const commandTimeoutMs = 150_000;

let folder: string;
let cluster: LocalKubernetes;
let terminal: Terminal;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "manta-page-"));
  cluster = await LocalKubernetes.start({ port: 0 });
  terminal = await Terminal.open({ kubeconfig: cluster.kubeconfigFile, folder });
});
afterAll(async () => {
  await terminal.close();
  await cluster.close();
  rmSync(folder, { recursive: true, force: true });
});

it.each(["helm", "kustomize"])("installs the operator by %s, and removes it, as the page says", async (way) => {
  const commands = pageCommands(page, way);
  expect(commands.length).toBeGreaterThan(1);
  for (const { text } of commands) await terminal.run(text, commandTimeoutMs);
  expect(await cluster.kubectl("get", "deployments", "-n", "manta-system", "-o", "name")).toBe("");
});
