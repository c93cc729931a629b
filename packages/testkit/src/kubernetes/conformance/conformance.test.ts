import { readFileSync } from "node:fs";
import { afterAll, describe } from "vitest";
import { ApiServer } from "../apiserver/api-server.ts";
import { connectionOf } from "../http/kube-client.ts";
import { describeApiServer } from "./describe-api-server.ts";

describe("the test kit's API server", () => {
  // Few remembered events: the suite of watches asks for a version that is forgotten.
  const started = ApiServer.start({ historyEventsMax: 50 });
  afterAll(async () => (await started).close());
  describeApiServer(async () => connectionOf((await started).kubeconfig()));
});

const kubeconfig = process.env["MANTA_TEST_KUBECONFIG"];
describe.skipIf(kubeconfig === undefined)("the cluster of MANTA_TEST_KUBECONFIG", () => {
  describeApiServer(async () => connectionOf(readFileSync(kubeconfig ?? "", "utf8")));
});
