import { randomBytes } from "node:crypto";
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HttpAccess, type ReadAccess } from "./http/http-access.ts";
import { connectionOf, KubeClient } from "./http/kube-client.ts";
import { KubectlUser } from "./kubectl-user.ts";
import { DataFolder } from "./local/data-folder.ts";

/** What end-to-end tests need of a cluster, whoever runs it. */
export interface KubernetesUnderTest extends KubectlUser {
  readonly access: ReadAccess;
  close(): Promise<void>;
}

const deletionTimeoutMs = 180_000;

/** A cluster that somebody else runs: tests have a namespace of it, which goes with them. */
export class ForeignKubernetes extends KubectlUser implements KubernetesUnderTest {
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
    super();
    this.namespace = `manta-test-${randomBytes(4).toString("hex")}`;
    this.#folder = new DataFolder(undefined);
    this.kubeconfigFile = join(this.#folder.path, "kubeconfig");
    copyFileSync(kubeconfigFile, this.kubeconfigFile);
    chmodSync(this.kubeconfigFile, 0o600);
    this.#client = new KubeClient(connectionOf(readFileSync(kubeconfigFile, "utf8")));
    this.access = new HttpAccess(this.#client);
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
