import { spawn } from "node:child_process";
import { once } from "node:events";
import { Command } from "commander";
import { MantaError } from "../../base/errors.ts";
import { loadKubernetes } from "./kubernetes-modules.ts";

/** `manta local kubectl …` and `manta local helm …`: the real program, fetched once where there is none. */
export const localProgramCommand = (name: "kubectl" | "helm"): Command =>
  new Command(name)
    .description(`run ${name}; it is fetched on first use, unless MANTA_KUBECTL and MANTA_HELM name programs`)
    .argument("[words...]", `what ${name} shall do; it finds the cluster in KUBECONFIG`)
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action((words: string[]) => run(name, words));

const run = async (name: "kubectl" | "helm", words: readonly string[]): Promise<void> => {
  const programs = await (await loadKubernetes()).kubectlPrograms();
  const child = spawn(programs[name], words, { stdio: "inherit" });
  // A terminal signals both: the program decides what that means.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => child.kill());
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  if (code === 0) return;
  throw new MantaError("internal", `${name} ended with ${signal ?? `exit code ${code}`}`);
};
