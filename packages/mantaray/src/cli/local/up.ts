import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Command } from "commander";
import { MantaError } from "../../base/errors.ts";
import { waitFor } from "../../base/wait.ts";
import type { CliContext } from "../context.ts";
import { cliLimits } from "../limits.ts";
import { type KubernetesModule, loadKubernetes, loadOperator, type SmallKubernetes } from "./kubernetes-modules.ts";

interface UpOptions {
  readonly kubeconfig?: string;
  readonly nodes: string;
  readonly operator: boolean;
  readonly app?: string;
  readonly rayImages: boolean;
}

/** `manta local up`. */
export const localUpCommand = (context: CliContext): Command =>
  new Command("up")
    .description("start a small Kubernetes on this machine, with Manta's operator, until Ctrl-C")
    .option("--kubeconfig <file>", "write the kubeconfig there; it is removed at the end (default: a temporary file)")
    .option("--nodes <n>", `its nodes, 1 to ${cliLimits.kubernetesNodesMax}`, "1")
    .option("--no-operator", "without the operator: install it with helm")
    .option("--app <folder>", "is /home/ray/app in Manta's pods: import paths are looked up there")
    .option("--ray-images", "also containers of rayproject/ray images run Manta", false)
    .addHelpText(
      "after",
      "\nPods are processes of this machine in sandboxes (Linux, bwrap); images are programs that are installed here:" +
        "\nManta, Redis, Node and the usual shells.\n\nExample:\n" +
        "  manta local up --kubeconfig manta.kubeconfig\n  KUBECONFIG=manta.kubeconfig manta local kubectl get nodes",
    )
    .action((options: UpOptions) => up(context, options));

const up = async (context: CliContext, options: UpOptions): Promise<void> => {
  const nodes = Number(options.nodes);
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > cliLimits.kubernetesNodesMax)
    throw refused("--nodes", options.nodes, `must be a whole number from 1 to ${cliLimits.kubernetesNodesMax}`);
  const file = options.kubeconfig === undefined ? undefined : resolve(context.cwd, options.kubeconfig);
  if (file !== undefined) checkFile(file);
  const stop = stopSignal();
  const kubernetes = await loadKubernetes();
  const cluster = await kubernetes.LocalKubernetes.start({
    nodes,
    images: imagesFor(kubernetes, options, context.cwd),
    closeOnSignals: false,
    log: { info: () => undefined, warn: (line) => context.warn(line) },
  });
  try {
    const operator = options.operator ? await startOperator(cluster) : undefined;
    try {
      if (file !== undefined) writeKubeconfig(cluster, file);
      context.print(readyText(file ?? cluster.kubeconfigFile, nodes, options.operator));
      await stop;
      context.print("Stopping.\n");
    } finally {
      await operator?.close();
    }
  } finally {
    await cluster.close();
    if (file !== undefined) rmSync(file, { force: true });
  }
};

/** Resolves at the first signal; a second one ends this process, and its pods with it. */
const stopSignal = (): Promise<void> =>
  new Promise((onSignal) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => onSignal());
  });

/** A kubeconfig of another cluster is nothing to write over. */
const checkFile = (file: string): void => {
  if (!existsSync(file) || readFileSync(file, "utf8").includes("current-context: manta\n")) return;
  throw refused("--kubeconfig", file, "is there already and not of a cluster of manta local up");
};

const writeKubeconfig = (cluster: SmallKubernetes, file: string): void => {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, readFileSync(cluster.kubeconfigFile), { mode: 0o600 });
  // The mode above is for a new file only.
  chmodSync(file, 0o600);
};

const imagesFor = (
  { defaultImages, mantaImage, rayImageNames }: KubernetesModule,
  { app, rayImages }: UpOptions,
  cwd: string,
): ReturnType<KubernetesModule["defaultImages"]> => {
  const images = defaultImages();
  const binds = app === undefined ? [] : [{ host: folder(resolve(cwd, app)), path: "/home/ray/app" }];
  const own = [mantaImage(), ...(rayImages ? [mantaImage({ match: rayImageNames })] : [])];
  for (const image of own) images.add({ ...image, binds: [...(image.binds ?? []), ...binds] });
  return images;
};

const folder = (path: string): string => {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw refused("--app", path, "must be a folder");
  return path;
};

const definitions = { group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions" };

const startOperator = async (cluster: SmallKubernetes): Promise<{ close(): Promise<void> }> => {
  const { customResourceDefinitions, startOperator: start } = await loadOperator();
  for (const definition of customResourceDefinitions()) await cluster.access.create(definitions, definition);
  const kubeconfig = readFileSync(cluster.kubeconfigFile, "utf8");
  // With an election: one that is installed in the cluster besides stands by.
  const operator = await start({ kubeconfig, settings: { leaderElection: true } });
  await waitFor(() => operator.isWorking, { timeoutMs: cliLimits.operatorTimeoutMs, what: "the operator at work" });
  return operator;
};

const readyText = (file: string, nodes: number, operator: boolean): string =>
  [
    `Ready: Kubernetes with ${nodes} ${nodes === 1 ? "node" : "nodes"}${operator ? " and Manta's operator" : ""}.`,
    "",
    `  export KUBECONFIG=${file}`,
    "  kubectl get nodes          # or: npx manta local kubectl get nodes; the same for helm",
    ...(operator ? [] : ["  helm install manta-operator charts/manta-operator --wait"]),
    "",
    "Pods are processes of this machine. Ctrl-C ends all of them.\n",
  ].join("\n");

const refused = (option: string, value: string, rule: string): MantaError =>
  new MantaError("invalid_argument", `${option} ${JSON.stringify(value)}: ${rule}`, { details: { option } });
