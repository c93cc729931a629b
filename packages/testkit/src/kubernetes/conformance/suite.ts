import { randomBytes } from "node:crypto";
import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll } from "vitest";
import type { KubeObject } from "../api/objects.ts";
import { KubeClient, type KubeConnection } from "../http/kube-client.ts";

const accountTimeoutMs = 20_000;

/** Reaches the cluster under test; called once a suite. */
export type Connect = () => Promise<KubeConnection>;

/** What the cases of a suite work with: valid from `beforeAll` on. */
export interface SuiteCluster {
  readonly client: KubeClient;
  /** A namespace of this suite alone; deleted after it. */
  readonly namespace: string;
  /** A path in the namespace, such as `path("pods")` or `path("deployments/x", "apps/v1")`. */
  path(rest: string, groupVersion?: string): string;
}

/** Gives a suite its client and its own namespace. */
export const useCluster = (connect: Connect, labels: Readonly<Record<string, string>> = {}): SuiteCluster => {
  const namespace = `conformance-${randomBytes(4).toString("hex")}`;
  let client: KubeClient | undefined;
  const connected = (): KubeClient => {
    if (client === undefined) throw new Error("the cluster is connected in beforeAll: use it within a test");
    return client;
  };
  beforeAll(async () => {
    client = new KubeClient(await connect());
    await client.ok("POST", "/api/v1/namespaces", { body: { metadata: { name: namespace, labels } } });
    // Made by a controller in a real cluster; pods need it.
    await waitFor(
      async () =>
        (await connected().request("GET", `/api/v1/namespaces/${namespace}/serviceaccounts/default`)).status === 200,
      { timeoutMs: accountTimeoutMs, what: "the default service account" },
    );
  });
  afterAll(async () => {
    await client?.request("DELETE", `/api/v1/namespaces/${namespace}`);
    client?.close();
  });
  return {
    get client() {
      return connected();
    },
    namespace,
    path: (rest, groupVersion = "v1") =>
      `${groupVersion === "v1" ? "/api/v1" : `/apis/${groupVersion}`}/namespaces/${namespace}/${rest}`,
  };
};

/** A ConfigMap: the plainest object there is. */
export const configMap = (
  name: string,
  data: Readonly<Record<string, string>> = {},
  labels?: Readonly<Record<string, string>>,
): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...(labels === undefined ? {} : { labels }) },
  data,
});

/** A pod that no scheduler puts anywhere, so that nothing but the test changes it. */
export const unscheduledPod = (name: string, spec: object = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { schedulerName: "nobody", containers: [{ name: "main", image: "example.com/none:1" }], ...spec },
});

/** A refusal as it is answered. */
export interface Status {
  readonly kind: "Status";
  readonly status: string;
  readonly message: string;
  readonly reason: string;
  readonly code: number;
  readonly details?: {
    readonly name?: string;
    readonly kind?: string;
    readonly causes?: readonly { readonly field: string; readonly reason: string; readonly message: string }[];
  };
}
