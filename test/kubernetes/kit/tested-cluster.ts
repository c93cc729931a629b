import { gatewayClassName } from "@manta/testkit/kubernetes";

/** Kubeconfig of a cluster that somebody else runs, to test there; undefined: on the test kit's own. */
export const foreignKubeconfig = process.env["MANTA_TEST_KUBECONFIG"];

/** Class of the Gateways that the tested cluster has; undefined: it has none. */
export const testedGatewayClass =
  foreignKubeconfig === undefined ? gatewayClassName : process.env["MANTA_TEST_GATEWAY_CLASS"];
