import { readFileSync } from "node:fs";
import { afterAll, describe, vi } from "vitest";
import { LocalKubernetes } from "../local-kubernetes.ts";
import { describePods } from "./describe-pods.ts";
import { connectionOf } from "./kube-client.ts";

// Real clusters pull images, and probes count in whole seconds.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

describe("the test kit's nodes", () => {
  const started = LocalKubernetes.start({ nodes: 2 });
  afterAll(async () => (await started).close());
  describePods(async () => connectionOf(readFileSync((await started).kubeconfigFile, "utf8")));
});

const kubeconfig = process.env["MANTA_TEST_KUBECONFIG"];
describe.skipIf(kubeconfig === undefined)("the cluster of MANTA_TEST_KUBECONFIG", () => {
  describePods(async () => connectionOf(readFileSync(kubeconfig ?? "", "utf8")));
});
