import { randomBytes } from "node:crypto";
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HttpAccess, type ReadAccess } from "./http/http-access.ts";
import { connectionOf, KubeClient } from "./http/kube-client.ts";
import { runKubectl } from "./kubectl.ts";
import { DataFolder } from "./local/data-folder.ts";
import { outputOf, type RunOptions } from "./programs/run-program.ts";

/** What end-to-end tests need of a cluster, whoever runs it. */
export interface KubernetesUnderTest {
  readonly access: ReadAccess;
  /** Mode 0600. */
  readonly kubeconfigFile: string;
  /** What kubectl prints; rejects with what it says on stderr when it fails. */
  kubectl(...args: readonly string[]): Promise<string>;
  kubectlWith(options: RunOptions, ...args: readonly string[]): Promise<string>;
  /** Creates or changes what a manifest (YAML) tells. */
  apply(manifest: string): Promise<string>;
  close(): Promise<void>;
}

const deletionTimeoutMs = 180_000;

/** A cluster that somebody else runs: tests have a namespace of it, which goes with them. */
export class ForeignKubernetes implements KubernetesUnderTest {
  readonly namespace: string;
  readonly access: ReadAccess;
  readonly kubeconfigFile: string;
  readonly #folder: DataFolder;
  readonly #client: KubeClient;

  /** Makes the namespace. The kubeconfig's current context has to be complete in itself (no plugins). */
  static async connect(kubeconfigFile: string): Promise<ForeignKubernetes> {
    const cluster = new ForeignKubernetes(kubeconfigFile);
    try {
      await cluster.kubectl("create", "namespace", cluster.namespace);
      const file = await cluster.kubectl("config", "view", "--raw", "--minify", "--flatten");
      writeFileSync(cluster.kubeconfigFile, file);
      await cluster.kubectl("config", "set-context", "--current", `--namespace=${cluster.namespace}`);
      return cluster;
    } catch (error) {
      cluster.#release();
      throw error;
    }
  }

  private constructor(kubeconfigFile: string) {
    this.namespace = `manta-test-${randomBytes(4).toString("hex")}`;
    this.#folder = new DataFolder(undefined);
    this.kubeconfigFile = join(this.#folder.path, "kubeconfig");
    copyFileSync(kubeconfigFile, this.kubeconfigFile);
    chmodSync(this.kubeconfigFile, 0o600);
    this.#client = new KubeClient(connectionOf(readFileSync(kubeconfigFile, "utf8")));
    this.access = new HttpAccess(this.#client);
  }

  kubectl(...args: readonly string[]): Promise<string> {
    return this.kubectlWith({}, ...args);
  }

  kubectlWith(options: RunOptions, ...args: readonly string[]): Promise<string> {
    return outputOf(runKubectl(this.kubeconfigFile, args, options), "kubectl", args);
  }

  apply(manifest: string): Promise<string> {
    return this.kubectlWith({ stdin: manifest }, "apply", "-f", "-");
  }

  /** Deletes the namespace with all that is in it. */
  async close(): Promise<void> {
    try {
      await this.kubectlWith({ timeoutMs: deletionTimeoutMs }, "delete", "namespace", this.namespace);
    } finally {
      this.#release();
    }
  }

  #release(): void {
    this.#client.close();
    this.#folder.close();
  }
}
