import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { ApiAccess } from "./api-access.ts";
import { inClusterAccess } from "./in-cluster.ts";
import { kubeconfigAccess } from "./kubeconfig.ts";

/** Where to look. */
export interface LoadAccessOptions {
  /** Path; before everything else. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Finds the API server as tools of Kubernetes do: the path given, else `KUBECONFIG` (the first file of it), else the
 * pod's service account, else `~/.kube/config`. Throws when there is none.
 */
export const loadAccess = (options: LoadAccessOptions = {}): ApiAccess => {
  const env = options.env ?? process.env;
  const { context } = options;
  if (options.kubeconfig !== undefined && options.kubeconfig !== "")
    return kubeconfigAccess(options.kubeconfig, { context });
  const named = env.KUBECONFIG?.split(":").find((path) => path !== "");
  if (named !== undefined) return kubeconfigAccess(named, { context });
  const pod = inClusterAccess(env);
  if (pod !== undefined) return pod;
  const home = join(env.HOME ?? homedir(), ".kube", "config");
  if (existsSync(home)) return kubeconfigAccess(home, { context });
  throw new Error(
    `no Kubernetes to talk to: no --kubeconfig, no KUBECONFIG, not in a pod with a service account, and no ${home}`,
  );
};
