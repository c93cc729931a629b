import { fileURLToPath } from "node:url";
import { startTestCluster, type TestCluster } from "@manta/testkit";

/** A head that hosts the replicas itself, with one application of `bench/app`, and no front address. */
export const startOneNode = (attribute: string, args: Readonly<Record<string, unknown>> = {}): Promise<TestCluster> =>
  startTestCluster({
    headCpus: 8,
    workers: [],
    front: false,
    appPath: [fileURLToPath(new URL("app", import.meta.url))],
    config: { applications: [{ name: "bench", route_prefix: "/", import_path: `bench_app:${attribute}`, args }] },
  });
