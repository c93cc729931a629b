import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { afterAll, describe, vi } from "vitest";
import { gatewayClassName } from "../gateway/gateway-controller.ts";
import { connectionOf } from "../http/kube-client.ts";
import { LocalKubernetes } from "../local-kubernetes.ts";
import { describePods } from "./describe-pods.ts";
import { describeGateways } from "./gateway.suite.ts";
import type { Connect } from "./suite.ts";

// Real clusters pull images, and probes count in whole seconds.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

describe("the test kit's nodes", () => {
  const started = LocalKubernetes.start({ nodes: 2, gateways: true });
  const connect: Connect = async () => connectionOf(readFileSync((await started).kubeconfigFile, "utf8"));
  afterAll(async () => (await started).close());
  describePods(connect);
  describeGateways(connect, gatewayClassName);
});

const kubeconfig = process.env["MANTA_TEST_KUBECONFIG"];
const connectForeign: Connect = async () => connectionOf(await readFile(kubeconfig ?? "", "utf8"));
describe.skipIf(kubeconfig === undefined)("the cluster of MANTA_TEST_KUBECONFIG", () => {
  describePods(connectForeign);
  const gatewayClass = process.env["MANTA_TEST_GATEWAY_CLASS"];
  describe.skipIf(gatewayClass === undefined)("the Gateway class of MANTA_TEST_GATEWAY_CLASS", () => {
    describeGateways(connectForeign, gatewayClass ?? "");
  });
});
